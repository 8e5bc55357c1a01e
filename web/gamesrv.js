// @ts-check
/**
 * Play on a gamesrv server from a browser: no dependency, no build step.
 *
 *     import { connect } from "./gamesrv.js";
 *
 *     const client = connect({ name: "ann" });
 *     client.on("joined", (room) => draw(room.view));
 *     client.on("update", (room) => draw(room.view));
 *     client.on("event", ({ name, data }) => console.log(name, data));
 *     client.join({ game: "arena" });
 *     client.command("move", { dx: 1, dy: 0 });
 *
 * A lost connection comes back by itself, to the same seat: commands that may not have arrived are said again
 * under their old ids (the server takes each id once), and events that were missed follow. What is said while
 * there is no connection waits for one. `docs/protocol.md` tells what travels.
 */

import { BAD_MESSAGE, BAD_TOKEN, LEFT, Link, RATE_LIMIT, backoff } from "./gamesrv/link.js";
import { Memory, tabStorage } from "./gamesrv/memory.js";
import { Commands, Questions, Refused, quietly } from "./gamesrv/requests.js";
import { Room, merge } from "./gamesrv/room.js";

export { Refused, Room, backoff, merge };

/** @typedef {import("./gamesrv/link.js").Ending} Ending */
/** @typedef {import("./gamesrv/memory.js").Store} Store */
/** @typedef {import("./gamesrv/requests.js").Settle} Settle */
/** @typedef {import("./gamesrv/room.js").GameEvent} GameEvent */
/** @typedef {import("./gamesrv/room.js").Plain} Plain */
/** @typedef {{room: string, game: string, players: number, seats: number, open: boolean}} RoomInfo */
/** @typedef {{send: (link: Link) => void, reject: Settle["reject"]}} Request */
/** @typedef {{t: number} & Settle} Sync */

/**
 * @typedef {object} Options
 * @property {string} [url] of the WebSocket; by default `ws` beside the page
 * @property {string} [name] who one wants to be; needed unless there is a session to go on with
 * @property {string} [token] a session to go on with, from elsewhere
 * @property {Store} [storage] where the session is kept; by default the tab's sessionStorage
 */

/**
 * How the connection fares; times are those of `performance.now()`.
 * - `connecting`: a socket is being opened
 * - `online`: greeted. `resumed`: it is the session of before; if that has a seat, `joined` follows
 * - `waiting`: lost. The next try is at `at`; the seat is held until about `heldUntil` (0: there was none)
 * - `closed`: it does not come back by itself; `retry()` starts again
 * @typedef {{state: "connecting", attempt: number} | {state: "online", resumed: boolean}
 *   | {state: "waiting", attempt: number, at: number, heldUntil: number, code: number, reason: string}
 *   | {state: "closed", code: number, reason: string}} Status
 */

/**
 * What a client tells, by name.
 * @typedef {object} Events
 * @property {Status} status
 * @property {Room} joined a whole new view: at first, after a reconnect, or when the server finds it better
 * @property {Room} update the view has changed
 * @property {GameEvent} event something happened; the view already includes it
 * @property {Refused} refused the server said no
 * @property {null} left the seat is given up
 * @property {number} latency round trip of the newest ping, ms
 */

const VERSION = 1;
const PROBE_WITHIN = 3000; // ms; how soon a link must answer once there is reason to doubt it
const STABLE_AFTER = 5000; // ms online, after which a loss is the first of a new row
const MOST_OPEN = 512; // commands unsettled, and requests that wait for a connection

/**
 * Connects, and stays connected until `close()` or a final word of the server.
 * @param {Options} [options]
 * @returns {Client}
 */
export function connect(options = {}) {
  return new Client(options);
}

/** Whether there is a session to go on with, so that no name is needed. @param {Options} [options] */
export function remembers({ url = besidePage(), storage = tabStorage() } = {}) {
  return new Memory(url, storage).token !== undefined;
}

function besidePage() {
  return new URL("ws", document.baseURI).href.replace(/^http/, "ws");
}

/** A player's continuity: it outlives its connections. Made by `connect`. */
export class Client {
  /** @type {Status} */ status = { state: "connecting", attempt: 0 };
  /** @type {Room | null} */ room = null;
  /** @type {number | null} round trip of the newest ping, ms */ latency = null;

  /** @type {string} */ #url;
  /** @type {Memory} */ #memory;
  /** @type {Map<string, Set<Function>>} */ #listeners = new Map();
  /** @type {Link | null} */ #link = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {AbortController | null} */ #browser = null;
  /** @type {Request[]} what waits for a connection */ #queue = [];
  /** @type {Sync[]} */ #syncs = [];
  #questions = new Questions();
  #commands = new Commands(MOST_OPEN);
  #attempt = 0;
  #onlineSince = 0;
  #grace = 0;
  #heldUntil = 0;
  #resyncing = false;

  /** @param {Options} options */
  constructor({ url = besidePage(), name, token, storage = tabStorage() }) {
    this.#url = url;
    this.#memory = new Memory(url, storage);
    if (token) Object.assign(this.#memory, { token, session: undefined, last: 0 });
    if (name) this.#memory.name = name;
    this.#open();
  }

  /** The name one goes by. In a room it may be another, see its `players`: there it is unique. */
  get name() {
    return this.#memory.name ?? "";
  }

  /**
   * What resumes this session, here or over another transport. A secret: keep it out of addresses and logs.
   */
  get token() {
    return this.#memory.token ?? null;
  }

  /**
   * Calls the listener at each event of that name, in order.
   * @template {keyof Events} K
   * @param {K} name
   * @param {(detail: Events[K]) => void} listener
   * @returns {() => void} call it to listen no more
   */
  on(name, listener) {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  // ------------------------------------------------------------------ what one can say

  /**
   * Takes a seat: in that room, or wherever there is one for that game.
   * @param {{game: string} | {room: string}} where
   * @returns {Promise<Room>}
   */
  join(where) {
    return this.#ask({ op: "join", ...where }, "joined");
  }

  /** Opens a room and joins it. @param {string} game @param {Plain} [options] @returns {Promise<Room>} */
  create(game, options = {}) {
    return this.#ask({ op: "create", game, options }, "joined");
  }

  /** Follows a room without a seat. @param {string} room @returns {Promise<Room>} */
  watch(room) {
    return this.#ask({ op: "watch", room }, "joined");
  }

  /** Gives the seat up for good. @returns {Promise<null>} */
  leave() {
    return this.#ask({ op: "leave" }, "left");
  }

  /** The public rooms. @returns {Promise<RoomInfo[]>} */
  rooms() {
    return this.#ask({ op: "rooms" }, "rooms");
  }

  /** Chat to everyone in the room; it comes back as the event `said`. @param {string} text */
  say(text) {
    this.#soon({ send: (link) => link.send({ op: "say", text }), reject: () => {} });
  }

  /**
   * Calls a command of the game: exactly once, whatever the connection does. The promise may be ignored. It
   * rejects with `Refused` as soon as the server says no, and resolves, seconds later, once it can't say so
   * any more.
   * @param {string} name
   * @param {Plain} [args]
   * @returns {Promise<null>}
   */
  command(name, args = {}) {
    return quietly((settle) => {
      const send = (/** @type {Link} */ link) => {
        const message = this.#commands.add({ name, args }, settle);
        if (message) link.send(message);
        else settle.reject(tooMany());
      };
      this.#soon({ send, reject: settle.reject });
    });
  }

  /** Resolves once the server has read all that was said before. @returns {Promise<null>} */
  sync() {
    return quietly((settle) => {
      const send = (/** @type {Link} */ link) => void this.#syncs.push({ t: link.ping(), ...settle });
      this.#soon({ send, reject: settle.reject });
    });
  }

  /** Tries now instead of at `status.at`; after `closed`, starts again. */
  retry() {
    const { state } = this.status;
    if (state === "waiting" || state === "closed") this.#open();
  }

  /** Leaves for good: the server gives seat and session up, the token is forgotten. */
  close() {
    this.#memory.forget();
    const ending = { code: LEFT, reason: "left", retry: false };
    if (this.#link) this.#link.end(ending);
    else this.#ended(ending);
  }

  // ------------------------------------------------------------------ the connection comes and goes

  #open() {
    clearTimeout(this.#timer);
    this.#browser ??= this.#listenToBrowser();
    this.#link = new Link(this.#url, {
      opened: (link) => link.send(this.#hello()),
      heard: (message) => this.#hear(message),
      ponged: (t, latency) => this.#pong(t, latency),
      ended: (ending) => this.#ended(ending),
    });
    this.#setStatus({ state: "connecting", attempt: this.#attempt });
  }

  #hello() {
    const { token, name, last } = this.#memory;
    return { op: "hello", version: VERSION, ...(token ? { token, last } : { name }) };
  }

  /** @param {Plain} welcome */
  #welcome({ session, name, token, grace, handled }) {
    const resumed = session === this.#memory.session;
    Object.assign(this.#memory, { session, name, token, last: resumed ? this.#memory.last : 0 }).save();
    this.#grace = grace;
    this.#onlineSince = performance.now();
    this.#commands.startAbove(handled);
    if (!resumed) {
      this.room = null;
      this.#commands.rejectAll("session_lost");
    }
    this.#setStatus({ state: "online", resumed });
    this.#catchUp();
  }

  /** Says again what may not have arrived, then what waited; a pong will tell that all of it did. */
  #catchUp() {
    const link = this.#link;
    if (!link) return;
    for (const message of this.#commands.again()) link.send(message);
    for (const { send } of this.#queue.splice(0)) send(link);
    link.ping();
  }

  /** @param {Ending} ending */
  #ended({ code, reason, retry }) {
    this.#link = null;
    this.#noteLoss();
    const tokenIsBad = code === BAD_TOKEN && this.#memory.token;
    if (tokenIsBad) this.#memory.forget();
    if (tokenIsBad && this.name) this.#open();
    else if (retry) this.#wait(code, reason);
    else this.#finish(code, reason);
  }

  #noteLoss() {
    const now = performance.now();
    if (this.#onlineSince) this.#heldUntil = this.room ? now + this.#grace * 1000 : 0;
    if (this.#onlineSince && now - this.#onlineSince > STABLE_AFTER) this.#attempt = 0;
    this.#onlineSince = 0;
    this.#resyncing = false;
    this.#questions.rejectAll("connection_lost");
    for (const { reject } of this.#syncs.splice(0)) reject(new Refused({ code: "connection_lost" }));
  }

  /** @param {number} code @param {string} reason */
  #wait(code, reason) {
    const delay = backoff(this.#attempt, code);
    const at = performance.now() + delay;
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#open(), delay);
    const [attempt, heldUntil] = [this.#attempt, this.#heldUntil];
    this.#setStatus({ state: "waiting", attempt, at, heldUntil, code, reason });
  }

  /** @param {number} code @param {string} reason */
  #finish(code, reason) {
    clearTimeout(this.#timer);
    this.#browser?.abort();
    this.#browser = null;
    this.#attempt = 0;
    this.#commands.rejectAll("closed");
    for (const { reject } of this.#queue.splice(0)) reject(new Refused({ code: "closed" }));
    this.#setStatus({ state: "closed", code, reason });
  }

  /** A browser knows some things before a time-out does. @returns {AbortController} to listen no more */
  #listenToBrowser() {
    const listening = new AbortController();
    const { signal } = listening;
    const seen = () => void (document.visibilityState === "visible" && this.#doubt());
    addEventListener("online", () => this.#doubt(), { signal });
    addEventListener("offline", () => this.#doubt(), { signal });
    addEventListener("pagehide", () => this.#memory.save(), { signal });
    document.addEventListener("visibilitychange", seen, { signal });
    return listening;
  }

  /** Something has changed: asks for a sign of life soon, or tries again now. */
  #doubt() {
    if (this.status.state === "online") this.#link?.ping(PROBE_WITHIN);
    else if (this.status.state === "waiting") this.#open();
  }

  // ------------------------------------------------------------------ what is heard

  /** @param {Plain} message */
  #hear(message) {
    if (message.op === "welcome") this.#welcome(message);
    else if (message.op === "joined") this.#joined(message);
    else if (message.op === "update") this.#update(message);
    else if (message.op === "event") this.#event(message);
    else if (message.op === "refused") this.#refused(message);
    else if (message.op === "rooms") this.#questions.answer("rooms", message.rooms);
    else if (message.op === "left") this.#left();
  }

  /** @param {Plain} message */
  #joined(message) {
    const room = new Room(message);
    this.room = room;
    this.#memory.last = message.seq ?? 0;
    this.#resyncing = false;
    this.#questions.answer("joined", room);
    this.#emit("joined", room);
  }

  /** @param {Plain} message */
  #update(message) {
    if (!this.room || this.#resyncing) return;
    if (this.room.apply(message)) return this.#emit("update", this.room);
    this.#resyncing = true;
    this.#link?.send({ op: "resync" });
  }

  /** @param {Plain} message */
  #event({ seq, name, data }) {
    if (!this.room || seq <= this.#memory.last) return;
    this.#memory.last = seq;
    const event = { seq, name, data: data ?? {} };
    this.room.note(event);
    this.#emit("event", event);
  }

  #left() {
    this.room = null;
    this.#questions.answer("left", null);
    this.#emit("left", null);
  }

  /** @param {Plain} message */
  #refused(message) {
    const refused = new Refused(/** @type {import("./gamesrv/requests.js").Refusal} */ (message));
    if (refused.id === null) this.#questions.refuse(refused);
    else this.#commands.refuse(refused);
    this.#emit("refused", refused);
    if (!this.#onlineSince) this.#turnedAway(refused);
  }

  /** The hello itself was refused: nothing else can be said on this link. @param {Refused} refused */
  #turnedAway({ code, message }) {
    const busy = code === "rate_limited";
    this.#link?.end({ code: busy ? RATE_LIMIT : BAD_MESSAGE, reason: message, retry: busy });
  }

  /** @param {number} t @param {number} latency */
  #pong(t, latency) {
    this.latency = latency;
    while (this.#syncs.length && this.#syncs[0].t <= t) this.#syncs.shift()?.resolve(null);
    this.#commands.ponged(t);
    this.#emit("latency", latency);
  }

  // ------------------------------------------------------------------ within

  /** @param {Plain} message @param {string} answer the `op` that answers it @returns {Promise<any>} */
  #ask(message, answer) {
    return quietly((settle) => {
      const send = (/** @type {Link} */ link) => {
        this.#questions.add(answer, settle);
        link.send(message);
      };
      this.#soon({ send, reject: settle.reject });
    });
  }

  /** Now, or as soon as there is a connection. @param {Request} request */
  #soon(request) {
    if (this.#onlineSince && this.#link) request.send(this.#link);
    else if (this.#queue.length < MOST_OPEN) this.#queue.push(request);
    else request.reject(tooMany());
  }

  /** @param {Status} status */
  #setStatus(status) {
    this.status = status;
    this.#emit("status", status);
  }

  /**
   * A listener that throws is reported, and disturbs nobody else.
   * @template {keyof Events} K
   * @param {K} name
   * @param {Events[K]} detail
   */
  #emit(name, detail) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        reportError(error);
      }
    }
  }
}

function tooMany() {
  return new Refused({ code: "too_many_waiting" });
}
