// @ts-check
/** The public rooms, kept up to date by what the server says of them. */

/**
 * A room's line in the list. `names` are the first eight, `options` those that were given when it was opened.
 * @typedef {object} RoomInfo
 * @property {string} room
 * @property {string} game
 * @property {number} players
 * @property {number} seats
 * @property {boolean} open whether there is a seat to take
 * @property {"waiting" | "playing" | "over"} state
 * @property {string[]} names
 * @property {Record<string, any>} options
 * @property {number} watchers
 */

export class RoomList {
  /** @type {Map<string, RoomInfo>} */ #rooms = new Map();

  /** The newest first. */
  get rooms() {
    return [...this.#rooms.values()];
  }

  /** Takes the whole list, or what has changed in it. @param {Record<string, any>} message */
  hear({ op, live, rooms, changed, gone }) {
    if (op === "rooms_changed") this.#change(changed, gone);
    else if (live) this.#replace(rooms);
    return op === "rooms_changed" || live === true;
  }

  /** @param {RoomInfo[]} rooms */
  #replace(rooms) {
    this.#rooms = new Map(rooms.map((info) => [info.room, info]));
  }

  /** A room that is known keeps its place. @param {RoomInfo[]} changed @param {string[]} gone */
  #change(changed, gone) {
    for (const id of gone) this.#rooms.delete(id);
    const fresh = changed.filter(({ room }) => !this.#rooms.has(room));
    for (const info of changed) if (this.#rooms.has(info.room)) this.#rooms.set(info.room, info);
    if (fresh.length) this.#replace([...fresh, ...this.#rooms.values()]);
  }
}
