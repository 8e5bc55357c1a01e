// @ts-check
/** Who sits where: one's own seat is at the bottom, the turn goes round as clocks do. */

/** @typedef {import("../gamesrv.js").Room} Room */
/** @typedef {"bottom" | "left" | "top" | "right"} Place */

/** @type {Record<number, Place[]>} */
const PLACES = { 2: ["bottom", "top"], 3: ["bottom", "left", "right"], 4: ["bottom", "left", "top", "right"] };

/** @param {Room} room @returns {number} how many play here */
export function seatsOf({ view, seats }) {
  return view.counts?.length ?? seats[1];
}

/**
 * What the table shows: a room one is in, or one that is told again. In that one nobody plays; one may stand
 * behind a seat and see its hand, and `open` has what all seats see of their own.
 * @typedef {Room & {behind?: number | null, open?: Record<string, Record<string, any>> | null}} Scene
 */

/** The seat whose hand one sees: one's own, or that which one stands behind. @param {Scene} room @returns {number | null} */
export function seatBelow({ seat, behind = null }) {
  return seat ?? behind;
}

/** @param {Scene} room @param {number} seat @returns {Place} */
export function placeOf(room, seat) {
  const count = seatsOf(room);
  const places = PLACES[count] ?? PLACES[4];
  return places[(seat - (seatBelow(room) ?? 0) + count) % count];
}

/** Glazes of the bowls, by seat. */
export const GLAZES = ["#8fb9a6", "#e0b25c", "#93a9d6", "#d79a9f"];

/** @param {number | undefined} seat */
export function glazeOf(seat) {
  return GLAZES[(seat ?? 0) % GLAZES.length];
}
