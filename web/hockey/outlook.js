// @ts-check
/** From where one looks: the table is turned so that one's own goal is below. */

/** @typedef {{x: number, y: number}} Point */

/** Quarter turns, clockwise, by seat: below, above, left, right. */
const TURNS = [0, 2, 3, 1];

/** @param {number | null} seat null: one who watches @returns {number} quarter turns, clockwise */
export function turnsFor(seat) {
  return TURNS[seat ?? 0] ?? 0;
}

/**
 * A direction on the table as it is seen.
 * @param {Point} way
 * @param {number} turns
 * @returns {Point}
 */
export function turned({ x, y }, turns) {
  for (let turn = 0; turn < (turns & 3); turn += 1) [x, y] = [-y, x];
  return { x, y };
}

/** From the middle of the table to a seat's side, as it is seen. @param {number} seat @param {number} turns */
export function sideOf(seat, turns) {
  return turned(
    [
      { x: 0, y: 1 },
      { x: 0, y: -1 },
      { x: -1, y: 0 },
      { x: 1, y: 0 },
    ][seat],
    turns,
  );
}

/**
 * The bits of an input.
 * @param {{dx: number, dy: number, dash: boolean, brake: boolean}} held as it is seen
 * @param {number} turns
 * @param {Record<string, any>} c constants of sim.py
 */
export function bitsOf({ dx, dy, dash, brake }, turns, c) {
  const { x, y } = turned({ x: dx, y: dy }, 4 - turns);
  const across = x < 0 ? c.LEFT : x > 0 ? c.RIGHT : 0;
  const along = y < 0 ? c.UP : y > 0 ? c.DOWN : 0;
  return across | along | (dash ? c.DASH : 0) | (brake ? c.BRAKE : 0);
}
