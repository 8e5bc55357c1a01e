// @ts-check
/** The people round the table: name, cards left, score, and how they fare. */

import { Bowl } from "./bowl.js";
import { sorted } from "./cards.js";
import { button, make } from "./dom.js";
import { smallFace } from "./face.js";
import { glazeOf, placeOf, seatBelow, seatsOf } from "./seats.js";
import { counted, isBot, plainName, signed } from "./words.js";

/** @typedef {import("./seats.js").Scene} Scene */

const WIDEST = 12; // cards; a fan of more lies closer

/** One place at the table. */
class Plate {
  #bowl = new Bowl();
  #name = make("b");
  #tag = make("span", { class: "tag" });
  #score = make("span", { class: "score" });
  #fan = make("div", { class: "fan", "aria-hidden": "true" });
  #count = make("span", { class: "count" });
  #faces = make("div", { class: "faces" });
  #cards = make("div", { class: "cards" }, this.#fan, this.#faces, this.#count);
  #word = make("span", { class: "word" });
  #sit;

  /** @param {number} seat @param {((seat: number) => void) | null} onSit */
  constructor(seat, onSit) {
    this.#sit = button("Sit here", () => onSit?.(seat), { class: "sit" });
    this.mayBeTaken = onSit !== null;
    const who = make("div", { class: "who" }, make("span", { class: "name" }, this.#name, this.#tag), this.#score);
    this.item = make("li", { class: "player", "data-seat": seat }, who, this.#cards, this.#word, this.#sit);
    this.item.prepend(this.#bowl.svg);
    this.seat = seat;
  }

  /** @param {Scene} room */
  show(room) {
    const { view, state } = room;
    const player = room.players[this.seat];
    const own = room.seat === this.seat;
    this.item.dataset.place = placeOf(room, this.seat);
    this.#mark({
      own,
      free: !player,
      away: Boolean(player?.away),
      turn: state === "playing" && view.turn === this.seat,
      passed: view.stage === "play" && view.passed.includes(this.seat),
      ready: state !== "playing" && Boolean(player?.ready),
    });
    this.#bowl.fill(plainName(player?.name ?? ""), glazeOf(this.seat));
    this.#introduce(player, own);
    this.#score.textContent = view.scores ? points(view.scores[this.seat]) : "";
    const open = view.stage === "play" && seatBelow(room) !== this.seat && room.open?.[this.seat]?.hand;
    this.#hold(view.stage === "play" ? view.counts[this.seat] : 0);
    this.#reveal(open || [], view.table?.suits);
    this.#word.textContent = this.#wordFor(room);
    this.#sit.hidden = Boolean(player) || state === "playing" || !this.mayBeTaken;
  }

  /** @param {number | null} left seconds, if it is their turn @param {number} whole */
  time(left, whole) {
    this.#bowl.time(left, whole);
  }

  /** From where their cards come. */
  get source() {
    return (this.#faces.lastElementChild ?? this.#fan.lastElementChild ?? this.#bowl.svg).getBoundingClientRect();
  }

  /** The cards themselves, where they are open. @param {number[]} cards @param {string} suits */
  #reveal(cards, suits) {
    const names = cards.join(" ");
    if (names === this.#faces.dataset.cards) return;
    this.#faces.dataset.cards = names;
    this.#faces.replaceChildren(...sorted(cards, "rank").map((card) => smallFace(card, suits)));
    this.item.classList.toggle("open", cards.length > 0);
  }

  /** @param {Record<string, boolean>} marks */
  #mark(marks) {
    for (const [name, on] of Object.entries(marks)) this.item.classList.toggle(name, on);
  }

  /** @param {import("../gamesrv/room.js").Player | undefined} player @param {boolean} own */
  #introduce(player, own) {
    const bot = player && isBot(player.name);
    this.#name.textContent = player ? plainName(player.name) : "Free seat";
    this.#tag.textContent = own ? "you" : player?.away ? "away" : bot ? "bot" : "";
  }

  /** @param {number} count */
  #hold(count) {
    while (this.#fan.children.length > count) this.#fan.lastElementChild?.remove();
    while (this.#fan.children.length < count) this.#fan.append(make("i"));
    const spread = Math.min(1, WIDEST / count);
    [...this.#fan.children].forEach((back, at) => {
      /** @type {HTMLElement} */ (back).style.setProperty("--at", String((at - (count - 1) / 2) * spread));
    });
    this.#cards.hidden = !count;
    this.#count.textContent = String(count);
    this.#count.setAttribute("aria-label", counted(count, "card"));
    this.item.classList.toggle("last", count === 1);
  }

  /** @param {Scene} room */
  #wordFor({ state, view, players }) {
    if (state !== "playing") return players[this.seat]?.ready ? "Ready" : "";
    if (view.stage === "break") return view.agreed?.includes(this.seat) ? "Ready" : "";
    if (view.passed?.includes(this.seat)) return "Pass";
    return view.counts?.[this.seat] === 1 ? "Last!" : "";
  }
}

export class Players {
  /** @type {Plate[]} */ #plates = [];

  /** @param {HTMLElement} list @param {((seat: number) => void) | null} onSit */
  constructor(list, onSit) {
    this.list = list;
    this.onSit = onSit;
  }

  /** @param {Scene} room */
  show(room) {
    const count = seatsOf(room);
    if (count !== this.#plates.length) {
      this.#plates = Array.from({ length: count }, (_, seat) => new Plate(seat, this.onSit));
      this.list.replaceChildren(...this.#plates.map(({ item }) => item));
    }
    for (const plate of this.#plates) plate.show(room);
  }

  /** @param {Scene} room @param {number | null} left seconds of the turn */
  time({ view, state }, left) {
    for (const plate of this.#plates) {
      const turn = state === "playing" && view.stage === "play" && view.turn === plate.seat;
      plate.time(turn ? left : null, view.turn_seconds);
    }
  }

  /** From where a seat's cards come. @param {number} seat */
  sourceOf(seat) {
    return this.#plates[seat]?.source;
  }
}

/** @param {number} score */
function points(score) {
  return `${signed(score)} ${Math.abs(score) === 1 ? "point" : "points"}`;
}
