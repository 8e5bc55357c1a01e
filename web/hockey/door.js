// @ts-check
/**
 * In and out of rooms: to the one that the address names, to any where it names none, back to the own seat after a
 * loss. The address then names the room one is in, so that a reload leads back, and a copy brings others.
 */

import { connect } from "../gamesrv.js";
import { GUEST } from "../shared/name.js";
import { addressOf, placeIn } from "../shared/place.js";

/** @typedef {import("../gamesrv.js").Client} Client */
/** @typedef {import("../gamesrv.js").Room} Room */
/** @typedef {import("../gamesrv.js").Status} Status */
/** @typedef {import("../gamesrv.js").Refused} Refused */
/** @typedef {import("../shared/overlay.js").Overlay} Overlay */
/** @typedef {import("../shared/place.js").Place} Place */

const LEFT = 4000;
const BAD_HELLO = 4400;
/** Close codes of a room that is over, gone or broken. */
const ROOM_ENDED = new Set([4404, 4410, 4500]);

export class Door {
  /** @type {Client | null} */ client = null;

  #game;
  #overlay;
  #showEntrance;
  /** @type {Place} */ #asked;
  /** @type {() => void} what the overlay's button does */ #next = () => {};
  #leaving = false;

  /**
   * @param {string} game
   * @param {Overlay} overlay
   * @param {(problem: string) => void} showEntrance
   */
  constructor(game, overlay, showEntrance) {
    this.#game = game;
    this.#overlay = overlay;
    this.#showEntrance = showEntrance;
    this.#asked = placeIn(location.hash);
    addEventListener("hashchange", () => this.#moved());
  }

  /** Whether one comes to look on. */
  get watches() {
    return this.#asked.watch !== undefined;
  }

  /** What one gives to friends. */
  get link() {
    return new URL(addressOf(this.#game, { room: this.client?.room?.id }), document.baseURI).href;
  }

  /** @param {string} [name] none to go on with the session this tab remembers @returns {Client} */
  enter(name) {
    const client = connect({ name });
    this.client = client;
    client.on("status", (status) => this.#follow(status));
    return client;
  }

  /** Takes in a snapshot, if it is of the room that was asked for. @param {Room} room */
  accepts(room) {
    if (!this.#isAsked(room)) return false;
    this.#asked = room.seat === null ? { watch: room.id } : { room: room.id };
    history.replaceState(null, "", new URL(addressOf(this.#game, this.#asked), document.baseURI));
    this.#overlay.hide();
    return true;
  }

  /** The overlay's button. */
  goOn() {
    this.#next();
  }

  /** Gives the seat up, and goes where all games are. */
  async leave() {
    if (this.client?.status.state === "online" && this.client.room) await this.#leaveRoom();
    location.href = "./";
  }

  /** One is out of the room: if it was not one's own wish, it is told. */
  lost() {
    if (!this.#leaving)
      this.#tell("You are no longer at this table", "", "Find another", () => this.#join({}));
  }

  /** @param {Status} status */
  #follow(status) {
    if (status.state === "online") return void this.#comeBack(status.resumed);
    const unwelcome = status.state === "closed" && status.code === BAD_HELLO && !this.client?.token;
    if (unwelcome || (status.state === "closed" && status.code === LEFT)) {
      this.#overlay.hide();
      return this.#showEntrance(unwelcome ? status.reason : "");
    }
    this.#next = () => {
      if (status.state === "closed" && ROOM_ENDED.has(status.code)) this.#asked = {};
      if (this.client?.name) this.client.retry();
      else this.#showEntrance("");
    };
    this.#overlay.show(status);
  }

  /** A session that is resumed may have its seat still. @param {boolean} resumed */
  async #comeBack(resumed) {
    const client = /** @type {Client} */ (this.client);
    this.#overlay.show({ state: "online", resumed });
    if (
      resumed &&
      (await client.sync().then(
        () => false,
        () => true,
      ))
    )
      return; // lost once more
    if (client.room && !this.#isAsked(client.room)) return this.#offerMove(client.room);
    if (client.room) return;
    if (client.name === GUEST && !this.#asked.watch) client.close();
    else this.#join(this.#asked);
  }

  /** @param {Place} place */
  async #join(place) {
    const client = /** @type {Client} */ (this.client);
    this.#asked = place;
    try {
      if (place.watch) await client.watch(place.watch);
      else await client.join(place.room ? { room: place.room } : { game: this.#game });
    } catch (error) {
      if (client.status.state === "online") this.#turnedAway(/** @type {Refused} */ (error), place);
    }
  }

  /** @param {Refused} why @param {Place} place */
  #turnedAway({ code, message }, place) {
    if (code === "no_such_room") {
      this.#tell("There is no such table", "Everyone may have left it.", "Find another", () =>
        this.#join({}),
      );
    } else if (place.room && code === "room_full") {
      this.#tell("All four sides are taken", "", "Watch", () => this.#join({ watch: place.room }));
    } else this.#tell("There is no seat", `${message}.`, "Try again", () => this.#join(place));
  }

  /** @param {Room} room that one is in, and that is another one than was asked for */
  #offerMove({ id, game }) {
    const text = `You are in ${id}, where ${game} is played.`;
    this.#tell("You are somewhere else", text, "Leave it, and come here", async () => {
      await this.#leaveRoom();
      this.#join(this.#asked);
    });
  }

  async #leaveRoom() {
    this.#leaving = true;
    await this.client?.leave().catch(() => {});
    this.#leaving = false;
  }

  /** @param {Room} room */
  #isAsked({ id, game, seat }) {
    const named = this.#asked.room ?? this.#asked.watch;
    const plain = (/** @type {string} */ text) => text.toLowerCase().replaceAll("-", "");
    const wantsSeat = this.#asked.room !== undefined;
    return game === this.#game && (!named || plain(named) === plain(id)) && (seat !== null || !wantsSeat);
  }

  /** @param {string} title @param {string} text @param {string} button @param {() => void} act */
  #tell(title, text, button, act) {
    this.#next = () => {
      this.#overlay.hide();
      act();
    };
    this.#overlay.tell({ title, text, button });
  }

  /** Another address was typed. */
  #moved() {
    const { room, watch } = placeIn(location.hash);
    if (room !== this.#asked.room || watch !== this.#asked.watch) location.reload();
  }
}
