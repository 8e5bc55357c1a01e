// @ts-check
/** What one sees of a game, and how patches keep it up to date. */

/** @typedef {Record<string, any>} Plain a map of plain data */
/** @typedef {{name: string, away?: boolean}} Player */
/** @typedef {{seq: number, name: string, data: Plain}} GameEvent */

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
  /** @param {Plain} joined the server's snapshot */
  constructor(joined) {
    /** @type {string} */ this.id = joined.room;
    /** @type {string} */ this.game = joined.game;
    /** @type {number | null} null for one who only watches */ this.seat = joined.seat ?? null;
    /** @type {number} ticks per second; 0: nothing happens between commands */ this.rate = joined.rate ?? 0;
    /** @type {number} */ this.tick = joined.tick;
    /** @type {number} version of `view` */ this.v = joined.v;
    /** @type {Plain} what everyone sees */ this.view = merge({}, joined.view ?? {});
    /** @type {number} version of `mine` */ this.mv = joined.mv ?? 0;
    /** @type {Plain} what this seat alone sees */ this.mine = merge({}, joined.mine ?? {});
    /** @type {Record<string, Player>} by seat */ this.players = merge({}, joined.players ?? {});
    /** @type {string[]} */ this.commands = joined.commands ?? [];
    /** @type {boolean} events were missed and can't be had any more */ this.gap = joined.gap ?? false;
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
    if (delta === undefined) this.mine = merge(this.mine, mine);
    else this.view = merge(this.view, delta);
    return true;
  }

  /** Keeps `players` up to date from the room's own events. @param {GameEvent} event */
  note({ name, data: { seat, name: player } }) {
    if (name === "player_joined")
      this.players = merge(this.players, { [seat]: { name: player, away: null } });
    else if (name === "player_left") this.players = merge(this.players, { [seat]: null });
    else if (name === "player_dropped") this.#away(seat, true);
    else if (name === "player_back") this.#away(seat, null);
  }

  /** @param {number} seat @param {true | null} away */
  #away(seat, away) {
    if (this.players[seat]) this.players = merge(this.players, { [seat]: { away } });
  }
}
