// @ts-check
/** Who one is here, and the connection one has under that name. */

import { Refused, connect, remembers } from "../gamesrv.js";
import { GUEST } from "../shared/name.js";

/** @typedef {import("../gamesrv.js").Client} Client */
/** @typedef {import("../gamesrv.js").Room} Room */
/** @typedef {import("../gamesrv.js").RoomInfo} RoomInfo */
/** @typedef {import("../gamesrv.js").Status} Status */

/**
 * @typedef {object} Handlers
 * @property {(status: Status) => void} status
 * @property {(rooms: RoomInfo[]) => void} rooms
 * @property {() => void} seat one has a seat, or has none any more
 */

const BAD_HELLO = 4400;
/** The room is over, gone or broken; the session lives on. */
const ROOM_ENDED = new Set([4404, 4410, 4500]);

export class Desk {
  /** @type {Client} */ client;
  #handlers;
  #name = "";
  #gone = false;

  /** @param {string} name empty for one that is not known yet @param {Handlers} handlers */
  constructor(name, handlers) {
    this.#handlers = handlers;
    this.client = this.#come(remembers() ? "" : name || GUEST);
  }

  /** The name one has come under; none while it is a guest's. */
  get name() {
    const { name } = this.client;
    return name === GUEST ? "" : name;
  }

  /** Where one sits; none for those who only watch. */
  get seat() {
    const { room } = this.client;
    return room && room.seat !== null ? room : null;
  }

  /**
   * The client, online under that name: another name is another session.
   * @param {string} name
   * @returns {Promise<Client>}
   */
  async as(name) {
    const same = [this.#name, this.client.name].includes(name || GUEST);
    if (!same || this.client.status.state === "closed") this.#change(name || GUEST);
    const { client } = this;
    try {
      await client.sync();
      return client;
    } catch (error) {
      throw turnedAway(client) ?? error;
    }
  }

  /** To another page, which goes on with the session. @param {string} address */
  leaveFor(address) {
    this.#gone = true;
    this.client.release();
    location.assign(address);
  }

  /** The page is shown again as it was left. */
  back() {
    this.#gone = false;
    this.client.retry();
  }

  /** @param {string} name */
  #change(name) {
    const { client } = this;
    this.#gone = true;
    if (client.token || client.status.state !== "closed") client.close();
    this.#gone = false;
    this.client = this.#come(name);
  }

  /** @param {string} name empty to go on with the session this tab remembers */
  #come(name) {
    this.#name = name;
    const client = connect({ name });
    client.on("status", (status) => this.#follow(client, status));
    client.on("rooms", (rooms) => this.#handlers.rooms(rooms));
    client.on("joined", (room) => this.#joined(client, room));
    client.on("left", () => this.#handlers.seat());
    client.followRooms();
    Object.assign(window, { gamesrv: { client } });
    return client;
  }

  /**
   * Nobody watches from here, whatever was watched on the page before.
   * @param {Client} client
   * @param {Room} room
   */
  #joined(client, { seat }) {
    if (seat === null) client.leave();
    else this.#handlers.seat();
  }

  /** @param {Client} client @param {Status} status */
  #follow(client, status) {
    if (this.#gone || client !== this.client) return;
    const code = status.state === "closed" ? status.code : 0;
    if (ROOM_ENDED.has(code)) return client.retry();
    if (code === BAD_HELLO && this.#name !== GUEST) return this.#change(GUEST);
    if (status.state === "online" && !status.resumed) this.#handlers.seat();
    this.#handlers.status(status);
  }
}

/** Where a name will not do; one stays as a guest then, and sees the rooms. @param {Client} client */
function turnedAway({ status }) {
  if (status.state !== "closed" || status.code !== BAD_HELLO) return null;
  return new Refused({ code: "bad_name", message: status.reason, path: "name" });
}
