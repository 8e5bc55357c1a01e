// @ts-check
/** What one sees of a game, and how patches keep it up to date. */

/** @typedef {Record<string, any>} Plain a map of plain data */
/**
 * Who sits in a seat. `away`: the connection is lost; `ready`: wants to begin, or to play again.
 * @typedef {{name: string, away?: boolean, ready?: boolean}} Player
 */
/** @typedef {{seq: number, name: string, data: Plain}} GameEvent */
/**
 * How a lockstep room is followed from a snapshot on: bits of an input, ticks between checksums, how many inputs
 * a frame has, and the number that all has which goes on from here.
 * @typedef {{bits: number, mode: "deadline" | "wait", check: number, seats: number, run: number}} LockstepInfo
 */

/**
 * An RFC 7396 merge patch: maps merge, null removes, everything else replaces. `target` stays as it is; what
 * the patch does not touch is shared with the result, so that old views can be kept at no cost.
 * @param {any} target
 * @param {any} patch
 * @returns {any}
 */
export function merge(target, patch) {
  if (!isMap(patch)) return patch;
  const result = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key === "__proto__") continue; // assigning it would change what the result is, not what it holds
    if (value === null) delete result[key];
    else result[key] = merge(Object.hasOwn(result, key) ? result[key] : undefined, value);
  }
  return result;
}

/** @param {unknown} value @returns {value is Plain} */
function isMap(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * One's place in a game. `view`, `mine` and `players` are never changed in place: a change makes a new one.
 */
export class Room {
  /** when `tick` was heard, by `performance.now()` */ #heardAt = performance.now();

  /** @param {Plain} joined the server's snapshot */
  constructor(joined) {
    /** @type {string} */ this.id = joined.room;
    /** @type {string} */ this.game = joined.game;
    /** @type {number | null} null for one who only watches */ this.seat = joined.seat ?? null;
    /** @type {"waiting" | "playing" | "over"} before the game, in it, after it */
    this.state = joined.state ?? "playing";
    /** @type {Plain} what this room was opened with */ this.options = joined.options ?? {};
    /** @type {[number, number]} the fewest and the most who can play here */
    this.seats = joined.seats ?? [1, 1];
    /** @type {boolean} in no list: its id is for those it is given to */
    this.private = joined.private ?? false;
    /** @type {number | null} how long a seat is held here, in seconds, where the room has its own way */
    this.grace = joined.grace ?? null;
    /** @type {number} ticks per second; 0: nothing happens between commands */ this.rate = joined.rate ?? 0;
    /** @type {number} of the newest view: a count, or ms where there is no rate */ this.tick = joined.tick;
    /** @type {number} version of `view` */ this.v = joined.v;
    /** @type {Plain} what everyone sees */ this.view = merge({}, joined.view ?? {});
    /** @type {number} version of `mine` */ this.mv = joined.mv ?? 0;
    /** @type {Plain} what this seat alone sees */ this.mine = merge({}, joined.mine ?? {});
    /** @type {Record<string, Player>} by seat */ this.players = merge({}, joined.players ?? {});
    /** @type {string[]} */ this.commands = joined.commands ?? [];
    /** @type {LockstepInfo | null} where only inputs travel: `view` is the whole world after `tick` */
    this.lockstep = joined.lockstep ?? null;
    /** @type {string | null} by this id a game that is over, and kept, can be watched again */
    this.replay = joined.replay ?? null;
    /** @type {boolean} events were missed and can't be had any more */ this.gap = joined.gap ?? false;
  }

  /**
   * What the room's clock shows now, as well as one can know: in ticks, or in ms where there is no rate.
   * @returns {number}
   */
  clock() {
    return this.tick + ((performance.now() - this.#heardAt) * (this.rate || 1000)) / 1000;
  }

  /**
   * Applies an `update`.
   * @param {Plain} update
   * @returns {boolean} false where it does not follow what is here; then nothing has changed
   */
  apply({ tick, v, delta, mine }) {
    const version = delta === undefined ? "mv" : "v";
    if (v !== this[version] + 1) return false;
    this[version] = v;
    this.tick = tick;
    this.#heardAt = performance.now();
    if (delta === undefined) this.mine = merge(this.mine, mine);
    else this.view = merge(this.view, delta);
    return true;
  }

  /** Keeps `players`, `seat`, `state` and `replay` up to date from the room's own events. @param {GameEvent} event */
  note({ name, data: { seat, name: player, ready, to, replay } }) {
    if (name === "player_joined") this.players = { ...this.players, [seat]: { name: player } };
    else if (name === "player_left") this.players = merge(this.players, { [seat]: null });
    else if (name === "player_dropped") this.#mark(seat, { away: true });
    else if (name === "player_back") this.#mark(seat, { away: null });
    else if (name === "player_ready") this.#mark(seat, { ready: ready || null });
    else if (name === "player_moved") this.#move(seat, to);
    else if (name === "started") this.state = "playing";
    else if (name === "finished") this.#finish();
    else if (name === "recorded") this.replay = replay ?? null;
  }

  /** @param {number} seat @param {Plain} marks */
  #mark(seat, marks) {
    if (this.players[seat]) this.players = merge(this.players, { [seat]: marks });
  }

  /** @param {number} seat @param {number} to */
  #move(seat, to) {
    if (!this.players[seat]) return;
    this.players = merge(this.players, { [seat]: null, [to]: this.players[seat] });
    if (this.seat === seat) this.seat = to;
  }

  /** Whoever wants to play again has to say so. */
  #finish() {
    this.state = "over";
    for (const seat of Object.keys(this.players)) this.#mark(Number(seat), { ready: null });
  }
}
