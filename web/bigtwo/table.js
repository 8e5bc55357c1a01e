// @ts-check
/**
 * The card table: shows a room, whatever its state, and tells what one wants to do there. It knows nothing of
 * connections: a room, live or told again, is all that it sees, and `Actions` are its way out.
 */

import { Adviser } from "./adviser.js";
import { same } from "./cards.js";
import { Controls } from "./controls.js";
import { element } from "./dom.js";
import { Hand } from "./hand.js";
import { listenToKeys } from "./keys.js";
import { Middle } from "./middle.js";
import { Players } from "./players.js";
import { resultSheet } from "./result.js";
import { Settings } from "./settings.js";
import { seatBelow } from "./seats.js";
import { Sheet } from "./sheet.js";
import { Sounds } from "./sounds.js";
import { waitingSheet } from "./waiting.js";
import { reason, situation, told } from "./words.js";

/** @typedef {import("./seats.js").Scene} Scene */
/** @typedef {import("../gamesrv.js").GameEvent} GameEvent */
/**
 * @typedef {object} Actions
 * @property {(cards: number[]) => Promise<unknown>} play rejects with a `Refused`
 * @property {() => Promise<unknown>} pass
 * @property {(on: boolean) => void} auto
 * @property {() => void} goOn
 * @property {(on: boolean) => void} ready
 * @property {((seat: number) => void) | null} sit null where no seat is to be had
 * @property {() => void} toLobby
 */

const LINGER = 1600; // ms that the last play of a deal is seen before the result covers it
const CLOCK_EVERY = 100; // ms
const LATE = 5; // s

export class Table {
  settings = new Settings();
  sounds = new Sounds(this.settings);
  /** @type {Scene | null} */ room = null;
  /** What the page is called while nothing is wanted of one. */ #title = document.title;
  #problem = "";
  /** @type {number[]} what was hinted at last */ #hinted = [];
  /** When the result may be shown. */ #resultAt = 0;
  #stage = "";
  #called = 0;
  #yourTurn = false;

  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.adviser = new Adviser(() => this.#refresh());
    this.players = new Players(element("players"), actions.sit);
    this.hand = new Hand(element("hand"), { changed: () => this.#changed(), play: () => this.play() });
    this.middle = new Middle(element("middle"), (card, seat) =>
      this.room && seat === seatBelow(this.room) ? this.hand.placeOf(card) : this.players.sourceOf(seat),
    );
    this.sheet = new Sheet(element("sheet"));
    const deeds = {
      play: () => this.play(),
      pass: () => this.pass(),
      hint: () => this.hint(),
      sort: () => this.sort(),
      auto: () => this.actions.auto(!this.room?.mine.auto),
    };
    this.controls = new Controls(deeds);
    const cards = {
      move: (/** @type {number} */ step) => this.hand.move(step),
      turn: (/** @type {boolean | undefined} */ on) => this.hand.turn(on),
      clear: () => this.hand.select([]),
    };
    listenToKeys({ ...deeds, ...cards }, () => this.#playing);
    setInterval(() => this.#tick(), CLOCK_EVERY);
    this.colour();
  }

  /**
   * A room, as it stands. One that begins has nothing to show until it is told anew.
   * @param {Scene} room
   * @param {boolean} [live] what is new is seen to come
   */
  show(room, live = this.room?.id === room.id && this.#stage !== "") {
    if (room.state !== "waiting" && !room.view.stage) return;
    this.room = room;
    this.#follow(live);
    this.#refresh(live);
    this.middle.show(room, live);
    this.#noteTurn(live);
    this.#tick();
  }

  /** @param {GameEvent} event that the view includes already */
  happened(event) {
    const { room } = this;
    if (!room) return;
    const line = told(room, event);
    if (line) this.#tell(line);
    if (event.name === "played") this.sounds.sound("play");
    else if (event.name === "passed") this.sounds.sound("pass");
    else if (event.name === "deal_over") this.sounds.sound("end");
    this.show(room);
  }

  // ------------------------------------------------------------------ what one does

  play() {
    const { room } = this;
    const cards = this.hand.chosen;
    if (this.hand.sending) return;
    if (!room || !this.#playing || !cards.length) return this.hand.send([]);
    const answer = this.adviser.check(room, cards);
    if (answer !== "ok") return this.#refuse(reason(answer, room));
    this.hand.send(cards);
    this.actions.play(cards).catch((why) => this.#refused(why, cards));
    this.#refresh();
  }

  pass() {
    if (!this.room || !this.#mayPass) return;
    this.actions.pass().catch((why) => this.#refused(why, []));
  }

  /** Selects the next legal play, from the weakest on. */
  hint() {
    const { legal } = this.adviser;
    if (!legal || !this.#playing) return;
    if (!legal.length) return this.#refuse("Nothing you hold beats this.");
    const next = (legal.findIndex((cards) => same(cards, this.#hinted)) + 1) % legal.length;
    this.hand.select(legal[next]);
    this.#hinted = legal[next];
  }

  sort() {
    this.settings.set("order", this.settings.get("order") === "rank" ? "suit" : "rank");
    this.#refresh();
  }

  /** Two colours of suits, or four. */
  colour() {
    document.body.classList.toggle("two-colours", this.settings.get("colours") === 2);
  }

  // ------------------------------------------------------------------ within

  /** Whether one sits in a deal that goes on. */
  get #playing() {
    const { room } = this;
    return room !== null && room.state === "playing" && room.seat !== null && room.view.stage === "play";
  }

  get #isOwnTurn() {
    return this.#playing && this.room?.view.turn === this.room?.seat;
  }

  get #mayPass() {
    return this.#isOwnTurn && Boolean(this.room?.view.to_beat);
  }

  #changed() {
    this.#problem = "";
    this.#refresh();
  }

  /** Between deals the last play is seen for a while, if one was there. @param {boolean} live */
  #follow(live) {
    const stage = this.room?.view.stage ?? "";
    if (!live) this.#resultAt = 0;
    if (stage === this.#stage) return;
    const ended = live && this.#stage === "play" && stage !== "play";
    this.#resultAt = ended ? performance.now() + LINGER : 0;
    if (ended) setTimeout(() => this.#refresh(), LINGER + 1);
    this.#stage = stage;
    this.#hinted = [];
  }

  /** @param {Scene} room @param {boolean} live */
  #holdHand(room, live) {
    const cards = document.body.classList.contains("in-deal") ? (room.mine.hand ?? []) : [];
    this.hand.show(cards, room.view.table?.suits ?? "SHCD", this.settings.get("order"), live);
  }

  #refresh(live = true) {
    const { room } = this;
    if (!room) return;
    this.players.show(room);
    this.#showSheet(room);
    this.#holdHand(room, live);
    if (this.#playing) this.adviser.look(room);
    const { legal } = this.adviser;
    this.hand.light(this.#isOwnTurn && legal ? new Set(legal.flat()) : null);
    this.#showControls(room);
    document.title = this.#isOwnTurn ? `Your turn · ${this.#title}` : this.#title;
  }

  /** @param {Scene} room */
  #showControls(room) {
    const cards = this.hand.chosen;
    const answer = cards.length ? this.adviser.check(room, cards) : "";
    const waits = answer === "not_your_turn" || !this.#playing;
    const why = this.#problem || (answer && answer !== "ok" && !waits ? reason(answer, room) : "");
    this.controls.show({
      line: why || this.#situation(room),
      problem: why !== "",
      turn: this.#isOwnTurn,
      stuck: this.#isOwnTurn && this.adviser.stuck,
      mayPass: this.#mayPass,
      mayPlay: answer === "ok" && !this.hand.sending,
      count: cards.length,
      kind: this.adviser.kind(cards),
      mayAsk: this.#isOwnTurn && this.adviser.legal !== null,
      auto: Boolean(room.mine.auto),
      order: this.settings.get("order"),
    });
  }

  /** @param {Scene} room */
  #situation(room) {
    if (room.state !== "playing" || room.view.stage !== "play") return "";
    const stuck = this.#isOwnTurn && this.adviser.stuck;
    return situation(room, (cards) => this.adviser.kind(cards), stuck);
  }

  /** @param {Scene} room */
  #showSheet(room) {
    const { state, view, players, seat, replay } = room;
    if (state === "waiting") {
      const about = [room.id, players, seat, room.options];
      this.sheet.show("waiting", about, () => waitingSheet(room, this.actions));
    } else if (view.stage !== "play" && performance.now() >= this.#resultAt) {
      const about = [state, seat, players, view.deal, view.agreed, view.scores, replay];
      this.sheet.show("result", about, () => resultSheet(room, this.actions));
    } else this.sheet.hide();
    document.body.dataset.state = state;
    document.body.classList.toggle("watching", seatBelow(room) === null);
    document.body.classList.toggle("in-deal", seatBelow(room) !== null && Boolean(this.sheet.box.hidden));
  }

  /** The clock: by the room's own time, never by a guess. */
  #tick() {
    const { room } = this;
    if (!room) return;
    const { due, stage } = room.view;
    const left = due === undefined ? null : Math.max(0, (due - room.clock()) / 1000);
    this.players.time(room, stage === "play" ? left : null);
    if (left === null) return;
    if (stage === "break") this.sheet.rest(`in ${Math.ceil(left)} s`);
    this.#warn(left);
  }

  /** A sound for each of one's last seconds. @param {number} left */
  #warn(left) {
    const second = Math.ceil(left);
    if (this.#isOwnTurn && second <= LATE && second > 0 && second !== this.#called) this.sounds.sound("late");
    this.#called = second;
  }

  /** @param {boolean} live */
  #noteTurn(live) {
    if (this.#isOwnTurn && !this.#yourTurn) {
      this.#problem = "";
      this.#hinted = [];
      if (live) this.sounds.sound("turn");
      this.#refresh();
    }
    this.#yourTurn = this.#isOwnTurn;
  }

  /** The server said no after all. @param {{code: string, message: string}} why @param {number[]} cards */
  #refused({ code, message }, cards) {
    if (!this.room || code === "closed") return;
    this.hand.send([]);
    this.hand.select(cards.filter((card) => this.hand.cards.includes(card)));
    this.#refuse(reason(code, this.room, message));
  }

  /** @param {string} problem */
  #refuse(problem) {
    this.hand.send([]);
    this.#problem = problem;
    this.sounds.sound("no");
    this.#refresh();
  }

  /** @param {string} line for those who listen */
  #tell(line) {
    const told = element("told");
    const item = document.createElement("li");
    item.textContent = line;
    told.append(item);
    while (told.children.length > 30) told.firstElementChild.remove();
  }
}
