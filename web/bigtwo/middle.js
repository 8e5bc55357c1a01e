// @ts-check
/** The middle of the table: the plays of this trick, each before who laid it, the newest on top. */

import { written } from "./cards.js";
import { fly, make, still } from "./dom.js";
import { face } from "./face.js";
import { placeOf, seatBelow } from "./seats.js";

/** @typedef {import("./seats.js").Scene} Scene */
/** @typedef {[number, number[]]} Turn a seat, and what it laid; nothing is a pass */

const AGES = 4; // plays of one seat that lie visibly apart

export class Middle {
  /** @type {string[]} the turns that lie there */ #shown = [];
  /** @type {Map<string, HTMLElement>} by place */ #spots = new Map();

  /** @param {HTMLElement} box @param {(card: number, seat: number) => DOMRect | undefined} source of a card */
  constructor(box, source) {
    this.source = source;
    for (const place of ["top", "left", "right", "bottom"]) {
      const spot = make("ol", { class: "spot", "data-place": place });
      this.#spots.set(place, spot);
      box.append(spot);
    }
  }

  /** @param {Scene} room @param {boolean} live what is new is seen to come */
  show(room, live) {
    /** @type {Turn[]} */
    const turns = room.state === "waiting" ? [] : (room.view.trick ?? []);
    const names = turns.map((turn) => `${room.view.deal} ${seatBelow(room)} ${turn}`);
    const kept = this.#shown.every((name, at) => name === names[at]);
    if (!kept) this.#clear(live);
    const fresh = turns.slice(kept ? this.#shown.length : 0).filter(([, cards]) => cards.length);
    const plays = fresh.map(([seat, cards]) => this.#lay(room, seat, cards));
    this.#shown = names;
    this.#age();
    this.#mark(room, turns.length > 0);
    if (live) fresh.forEach(([seat, cards], at) => this.#bring(plays[at], seat, cards));
  }

  /** @param {Scene} room @param {number} seat @param {number[]} cards */
  #lay(room, seat, cards) {
    const suits = room.view.table.suits;
    const label = cards.map((card) => written(card, suits)).join(" ");
    const play = make("li", { class: "play", role: "img", "aria-label": label });
    play.append(...cards.map((card) => face(card, suits)));
    this.#spots.get(placeOf(room, seat))?.append(play);
    return play;
  }

  /** The cards come from where they were. @param {Element} play @param {number} seat @param {number[]} cards */
  #bring(play, seat, cards) {
    const sources = cards.map((card) => this.source(card, seat));
    [...play.children].forEach((laid, at) => fly(laid, sources[at], at * 16));
  }

  /** The newest of all is bright; older ones of a seat lie beneath, a bit apart. */
  #age() {
    for (const spot of this.#spots.values()) {
      const plays = [...spot.querySelectorAll(".play:not(.gone)")].reverse();
      spot.style.setProperty("--apart", String(Math.min(plays.length, AGES + 1) - 1));
      plays.forEach((play, age) => {
        /** @type {HTMLElement} */ (play).style.setProperty("--age", String(Math.min(age, AGES)));
        play.classList.toggle("under", age > 0);
      });
    }
  }

  /** @param {boolean} live */
  #clear(live) {
    this.#shown = [];
    for (const spot of this.#spots.values()) {
      for (const play of spot.querySelectorAll(".play:not(.gone)")) {
        if (live && !still()) sweep(play);
        else play.remove();
      }
    }
  }

  /** Whose play is to be beaten, or has won. @param {Scene} room @param {boolean} any */
  #mark(room, any) {
    const place = any ? placeOf(room, room.view.owner) : null;
    for (const [name, spot] of this.#spots) spot.classList.toggle("best", name === place);
  }
}

/** @param {Element} play */
function sweep(play) {
  play.classList.add("gone");
  const frames = [{ opacity: 1 }, { opacity: 0, transform: "translate(0, -30px) scale(.9)" }];
  play.animate(frames, { duration: 200, easing: "ease-in" }).finished.then(() => play.remove(), () => play.remove());
}
