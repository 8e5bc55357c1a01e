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

import { fromBase64, toBase64 } from "./gamesrv/base64.js";
import { listenToBrowser } from "./gamesrv/browser.js";
import { AWAY, BAD_MESSAGE, BAD_TOKEN, LEFT, Link, RATE_LIMIT, backoff } from "./gamesrv/link.js";
import { Listeners } from "./gamesrv/listeners.js";
import { Memory, tabStorage } from "./gamesrv/memory.js";
import { Outbox } from "./gamesrv/outbox.js";
import { recallPlayer, rememberPlayer } from "./gamesrv/player.js";
import { Refused } from "./gamesrv/requests.js";
import { Room, merge } from "./gamesrv/room.js";
import { RoomList } from "./gamesrv/rooms.js";

export { Refused, Room, backoff, merge };

/** @typedef {import("./gamesrv/link.js").Ending} Ending */
/** @typedef {import("./gamesrv/memory.js").Store} Store */
/** @typedef {import("./gamesrv/room.js").GameEvent} GameEvent */
/** @typedef {import("./gamesrv/room.js").Plain} Plain */
/** @typedef {import("./gamesrv/rooms.js").RoomInfo} RoomInfo */
/** @typedef {import("./gamesrv/types.js").Events} Events */
/** @typedef {import("./gamesrv/types.js").GameInfo} GameInfo */
/** @typedef {import("./gamesrv/types.js").Options} Options */
/** @typedef {import("./gamesrv/types.js").Reservation} Reservation */
/** @typedef {import("./gamesrv/types.js").Status} Status */

const VERSION = 1;
const PROBE_WITHIN = 3000; // ms; how soon a link must answer once there is reason to doubt it
const STABLE_AFTER = 5000; // ms online, after which a loss is the first of a new row

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

/** Who this browser is in its results, if that is known. @param {Options} [options] */
export function playerHere({ url = besidePage() } = {}) {
  return recallPlayer(url).player;
}

function besidePage() {
  return new URL("ws", document.baseURI).href.replace(/^http/, "ws");
}

/** A player's continuity: it outlives its connections. Made by `connect`. */
export class Client {
  /** @type {Status} */ status = { state: "connecting", attempt: 0 };
  /** @type {Room | null} */ room = null;
  /** @type {number | null} round trip of the newest ping, ms */ latency = null;
  /** @type {Record<string, GameInfo>} what is played here, by name; known once online */ games = {};

  /** @type {string} */ #url;
  /** @type {Memory} */ #memory;
  /** @type {Link | null} */ #link = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {AbortController | null} */ #browser = null;
  /** @type {RoomList | null} */ #followed = null;
  #listeners = new Listeners();
  #outbox = new Outbox();
  #attempt = 0;
  #onlineSince = 0;
  #grace = 0;
  #heldUntil = 0;
  #resyncing = false;

  /** @param {Options} options */
  constructor({ url = besidePage(), name, token, storage = tabStorage() }) {
    this.#url = url;
    this.#memory = new Memory(url, storage);
    if (token) Object.assign(this.#memory, { token, session: undefined, last: 0 }).save();
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
    return this.#listeners.add(name, listener);
  }

  // ------------------------------------------------------------------ what one can say

  /**
   * Takes a seat: in that room, or wherever there is one for that game. A room one sits in already gives the
   * same seat again, or moves one to the `seat` that is asked for.
   * @param {{game: string} | {room: string, seat?: number, ticket?: string}} where the `ticket` of a `match`
   * @returns {Promise<Room>}
   */
  join(where) {
    return this.#outbox.ask({ op: "join", ...where }, "joined");
  }

  /**
   * Opens a room and joins it.
   * @param {string} game
   * @param {Plain} [options]
   * @param {{private?: boolean}} [how] `private`: in no list, so that only those who get its id can come
   * @returns {Promise<Room>}
   */
  create(game, options = {}, how = {}) {
    return this.#outbox.ask({ op: "create", game, options, ...how }, "joined");
  }

  /**
   * Has a seat reserved; `join` takes it, here or over another connection.
   * @param {string} game
   * @returns {Promise<Reservation>}
   */
  match(game) {
    return this.#outbox.ask({ op: "match", game }, "matched");
  }

  /** Wants the game to begin, or to play again, or does not. @param {boolean} on @returns {Promise<null>} */
  ready(on = true) {
    return this.#outbox.tell({ op: "ready", ready: on });
  }

  /** Follows a room without a seat. @param {string} room @returns {Promise<Room>} */
  watch(room) {
    return this.#outbox.ask({ op: "watch", room }, "joined");
  }

  /** Gives the seat up for good. @returns {Promise<null>} */
  leave() {
    return this.#outbox.ask({ op: "leave" }, "left");
  }

  /** The public rooms. @returns {Promise<RoomInfo[]>} */
  rooms() {
    return this.#outbox.ask({ op: "rooms", ...(this.#followed && { live: true }) }, "rooms");
  }

  /** From now on the event `rooms` tells the public rooms, also after a reconnect. */
  followRooms() {
    this.#followed ??= new RoomList();
    if (this.#onlineSince) this.rooms();
  }

  unfollowRooms() {
    this.#followed = null;
    if (this.#onlineSince) this.rooms();
  }

  /**
   * Chat to everyone in the room; it comes back as the event `said`.
   * @param {string} text
   * @returns {Promise<null>}
   */
  say(text) {
    return this.#outbox.tell({ op: "say", text });
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
    return this.#outbox.command(name, args);
  }

  /** Resolves once the server has read all that was said before. @returns {Promise<null>} */
  sync() {
    return this.#outbox.tell();
  }

  /** Asks for a fresh snapshot: `joined` follows. */
  resync() {
    this.#sayNow({ op: "resync" });
  }

  /** One's inputs in a lockstep room, as `lockstep/wire.js` encodes them. @param {Uint8Array} data */
  sendSync(data) {
    this.#sayNow({ op: "sync", data: toBase64(data) });
  }

  /** Answers a `desync`: one's own world after that tick. @param {number} tick @param {Plain} world */
  sendDump(tick, world) {
    this.#sayNow({ op: "dump", tick, world });
  }

  /** Tries now instead of at `status.at`; after `closed`, starts again. */
  retry() {
    const { state } = this.status;
    if (state === "waiting" || state === "closed") this.#open();
  }

  /** Leaves for good: the server gives seat and session up, the token is forgotten. */
  close() {
    this.#memory.forget();
    this.#end({ code: LEFT, reason: "left", retry: false });
  }

  /** Lets go of the connection but keeps the session: the tab's next page goes on with it. */
  release() {
    this.#memory.save();
    this.#end({ code: AWAY, reason: "released", retry: false });
  }

  // ------------------------------------------------------------------ the connection comes and goes

  #open() {
    clearTimeout(this.#timer);
    this.#memory.refresh();
    this.#browser ??= listenToBrowser({
      doubted: () => this.#doubt(),
      leaving: () => this.#memory.save(),
    });
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
    const { key } = recallPlayer(this.#url);
    return { op: "hello", version: VERSION, ...(token ? { token, last } : { name, ...(key && { key }) }) };
  }

  /** @param {Plain} welcome */
  #welcome({ session, name, token, grace, handled, games, player, key }) {
    if (key) rememberPlayer(this.#url, { player, key });
    const resumed = session === this.#memory.session;
    Object.assign(this.#memory, { session, name, token, last: resumed ? this.#memory.last : 0 }).save();
    this.#grace = grace;
    this.games = games ?? {};
    this.#onlineSince = performance.now();
    if (!resumed) this.#startAnew();
    if (this.#link) this.#outbox.open(this.#link, handled);
    if (this.#followed) this.rooms();
    this.#seeWhetherSeated();
    this.#setStatus({ state: "online", resumed });
  }

  #startAnew() {
    this.room = null;
    this.#outbox.forget();
  }

  /** A resumed seat is told of right after the welcome. One that is not was given away in the meantime. */
  #seeWhetherSeated() {
    const { room } = this;
    const heard = () => void (room && this.room === room && this.#left());
    this.sync().then(heard, () => {});
  }

  /** @param {Ending} ending */
  #end(ending) {
    if (this.#link) this.#link.end(ending);
    else this.#ended(ending);
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
    const grace = this.room?.grace ?? this.#grace;
    if (this.#onlineSince) this.#heldUntil = this.room ? now + grace * 1000 : 0;
    if (this.#onlineSince && now - this.#onlineSince > STABLE_AFTER) this.#attempt = 0;
    this.#onlineSince = 0;
    this.#resyncing = false;
    this.#outbox.lost();
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
    this.#outbox.close();
    this.#setStatus({ state: "closed", code, reason });
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
    else if (message.op === "frames") this.#emit("frames", fromBase64(message.data));
    else if (message.op === "desync") this.#emit("desync", message.tick);
    else if (message.op === "refused") this.#refused(message);
    else if (message.op === "rooms" || message.op === "rooms_changed") this.#roomsHeard(message);
    else if (message.op === "matched") this.#outbox.answer("matched", message);
    else if (message.op === "left") this.#left();
  }

  /** @param {Plain} message */
  #joined(message) {
    const room = new Room(message);
    this.room = room;
    this.#memory.last = message.seq ?? 0;
    this.#resyncing = false;
    this.#outbox.answer("joined", room);
    this.#emit("joined", room);
  }

  /** @param {Plain} message */
  #update(message) {
    if (!this.room || this.#resyncing) return;
    if (this.room.apply(message)) return this.#emit("update", this.room);
    this.#resyncing = true;
    this.resync();
  }

  /** @param {Plain} message */
  #event({ seq, name, data }) {
    if (!this.room || seq <= this.#memory.last) return;
    this.#memory.last = seq;
    const event = { seq, name, data: data ?? {} };
    this.room.note(event);
    this.#emit("event", event);
  }

  /** @param {Plain} message */
  #roomsHeard(message) {
    if (message.op === "rooms") this.#outbox.answer("rooms", message.rooms);
    if (this.#followed?.hear(message)) this.#emit("rooms", this.#followed.rooms);
  }

  #left() {
    this.room = null;
    this.#outbox.answer("left", null);
    this.#emit("left", null);
  }

  /** @param {Plain} message */
  #refused(message) {
    const refused = new Refused(/** @type {import("./gamesrv/requests.js").Refusal} */ (message));
    this.#outbox.refuse(refused);
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
    this.#outbox.ponged(t);
    this.#emit("latency", latency);
  }

  // ------------------------------------------------------------------ within

  /** What is worth nothing later. @param {Plain} message */
  #sayNow(message) {
    if (this.#onlineSince) this.#link?.send(message);
  }

  /** @param {Status} status */
  #setStatus(status) {
    this.status = status;
    this.#emit("status", status);
  }

  /**
   * @template {keyof Events} K
   * @param {K} name
   * @param {Events[K]} detail
   */
  #emit(name, detail) {
    this.#listeners.tell(name, detail);
  }
}
