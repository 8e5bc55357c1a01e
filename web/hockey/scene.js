// @ts-check
/** What there is to draw: between two worlds, in points of the table, and by names. */

/** @typedef {import("../lockstep.js").Moment} Moment */
/** @typedef {import("../lockstep/simulation.js").World} World */
/** @typedef {Record<string, any>} Constants those of sim.py */
/** @typedef {{x: number, y: number}} Point */
/**
 * @typedef {object} Mallet
 * @property {number} seat
 * @property {number} x
 * @property {number} y
 * @property {boolean} away
 * @property {boolean} dashing
 * @property {number} ready how much of the next dash is there, 0 to 1
 * @property {number} score
 * @property {number} wins
 */
/** @typedef {"face-off" | "play" | "scored" | "won"} Phase */
/**
 * @typedef {object} Scene
 * @property {Phase} phase
 * @property {number} rest ticks until the next phase
 * @property {number | null} at whose goal the last goal was
 * @property {number | null} by who shot it, or has won
 * @property {number} target goals that win a round
 * @property {Point & {speed: number}} puck
 * @property {Mallet[]} mallets those that somebody has, by seat
 */

/** @type {Phase[]} in the order of their numbers */
const PHASES = ["face-off", "play", "scored", "won"];
const LEAP = 3; // times the top speed: what moves farther in a tick has not gone that way

/**
 * @param {Moment} moment
 * @param {Constants} c
 * @returns {Scene}
 */
export function sceneOf({ before, after, part }, c) {
  const [match, puck] = [after.match, after.puck];
  /** @param {string} body @returns {Point} */
  const place = (body) => between(before[body] ?? after[body], after[body], part, c);
  const seats = [...c.MALLETS.keys()].filter((seat) => after[c.MALLETS[seat]][c.STATE] !== c.EMPTY);
  return {
    phase: PHASES[match[c.PHASE]],
    rest: match[c.REST] - part + 1,
    at: seatOrNone(match[c.AT]),
    by: seatOrNone(match[c.BY]),
    target: match[c.TARGET],
    puck: { ...place("puck"), speed: Math.hypot(puck[c.VX], puck[c.VY]) / c.POINT },
    mallets: seats.map((seat) => ({
      ...place(c.MALLETS[seat]),
      ...malletOf(seat, after[c.MALLETS[seat]], c),
    })),
  };
}

/**
 * An empty table, for those who have not come in: the puck goes its rounds.
 * @param {number} now ms
 * @returns {Scene}
 */
export function idleScene(now) {
  const puck = { x: 500 + 400 * Math.sin(now / 1700), y: 500 + 400 * Math.sin(now / 1130), speed: 6 };
  return { phase: "play", rest: 0, at: null, by: null, target: 0, puck, mallets: [] };
}

/** @param {number} seat @param {number[]} mallet @param {Constants} c */
function malletOf(seat, mallet, c) {
  const wait = mallet[c.WAIT];
  return {
    seat,
    away: mallet[c.STATE] === c.AWAY,
    dashing: wait > c.DASHING,
    ready: 1 - wait / c.DASH_WAIT,
    score: mallet[c.SCORE],
    wins: mallet[c.WINS],
  };
}

/** @param {number[]} from @param {number[]} to @param {number} part @param {Constants} c @returns {Point} */
function between(from, to, part, { X, Y, POINT, TOP_SPEED }) {
  const [dx, dy] = [to[X] - from[X], to[Y] - from[Y]];
  const left = Math.hypot(dx, dy) > LEAP * TOP_SPEED ? 0 : 1 - part;
  return { x: (to[X] - dx * left) / POINT, y: (to[Y] - dy * left) / POINT };
}

/** @param {number} seat @returns {number | null} */
function seatOrNone(seat) {
  return seat < 0 ? null : seat;
}

/**
 * @typedef {object} Happening what one step has brought
 * @property {"hit" | "wall" | "goal" | "won" | "face-off" | "serve" | "dash"} kind
 * @property {number} x points
 * @property {number} y
 * @property {number} force 0 to 1
 * @property {number | null} seat who did it
 * @property {number | null} at whose goal
 */

/**
 * @param {World} before
 * @param {World} after one tick later
 * @param {Constants} c
 * @returns {Happening[]}
 */
export function happenings(before, after, c) {
  const here = { x: after.puck[c.X] / c.POINT, y: after.puck[c.Y] / c.POINT, seat: null, at: null };
  const dashes = c.MALLETS.flatMap((/** @type {string} */ name, /** @type {number} */ seat) => {
    const [was, is] = [before[name], after[name]];
    const dashes = is[c.WAIT] === c.DASH_WAIT && was[c.WAIT] === 0;
    return dashes
      ? [{ kind: "dash", x: is[c.X] / c.POINT, y: is[c.Y] / c.POINT, force: 1, seat, at: null }]
      : [];
  });
  const phase = PHASES[after.match[c.PHASE]];
  if (after.match[c.PHASE] !== before.match[c.PHASE]) {
    const [at, by] = [seatOrNone(after.match[c.AT]), seatOrNone(after.match[c.BY])];
    const kind = { "face-off": "face-off", play: "serve", scored: "goal", won: "won" }[phase];
    return [...dashes, { ...here, kind, force: 1, seat: by, at }];
  }
  const change = Math.hypot(after.puck[c.VX] - before.puck[c.VX], after.puck[c.VY] - before.puck[c.VY]);
  const force = Math.min(1, change / c.TOP_SPEED);
  if (phase !== "play" || force < 0.06) return dashes;
  const hit = after.puck[c.IDLE] === 0;
  return [...dashes, { ...here, kind: hit ? "hit" : "wall", force, seat: hit ? after.puck[c.LAST] : null }];
}
