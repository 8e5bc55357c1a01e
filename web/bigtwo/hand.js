// @ts-check
/** One's own cards: what is held, what is selected, and the keys and pointers that select. */

import { rankOf, sorted, spoken } from "./cards.js";
import { fly, make, still } from "./dom.js";
import { face } from "./face.js";
import { Gestures, cardOf } from "./gestures.js";

/** @typedef {import("./cards.js").Order} Order */

/** How wide the strip of a card should be, for fingers and for mice: else the hand lies in two rows. */
const STRIP = { finger: 40, mouse: 24 }; // px

export class Hand {
  /** @type {Set<number>} */ selected = new Set();
  /** Laid, as far as we are concerned; the server has not said so yet. @type {Set<number>} */ #sent = new Set();
  /** @type {Map<number, HTMLElement>} */ #cards = new Map();
  /** Where cards were that are no longer here. @type {Map<number, DOMRect>} */ #left = new Map();
  /** @type {number[]} as they lie */ #row = [];
  /** @type {number | null} */ #cursor = null;
  #suits = "SHCD";
  /** @type {Order} */ #order = "rank";

  /**
   * @param {HTMLElement} box
   * @param {{changed: () => void, play: () => void}} on the selection has changed; it is to be played
   */
  constructor(box, { changed, play }) {
    this.box = box;
    this.changed = changed;
    new Gestures(box, {
      has: (card) => this.selected.has(card),
      set: (card, on) => this.#set(card, on),
      carried: () => [...this.selected].map((card) => this.#element(card)),
      play,
    });
    new ResizeObserver(() => this.#fit()).observe(box);
    box.addEventListener("click", (event) => this.#clicked(event));
    box.addEventListener("focusin", (event) => this.#focused(event));
  }

  get cards() {
    return this.#row;
  }

  /** The selected cards, lowest first. */
  get chosen() {
    return sorted([...this.selected], "rank");
  }

  /** @param {number[]} cards @param {string} suits @param {Order} order @param {boolean} [live] new ones are seen to come */
  show(cards, suits, order, live = true) {
    if (suits !== this.#suits) this.#clear();
    [this.#suits, this.#order] = [suits, order];
    const before = new Map(this.#row.map((card) => [card, this.placeOf(card)]));
    const held = new Set(cards);
    for (const card of [...this.#cards.keys()]) if (!held.has(card)) this.#drop(card);
    const fresh = cards.filter((card) => !this.#cards.has(card));
    for (const card of fresh) this.#cards.set(card, this.#make(card));
    this.#lay(live ? before : new Map());
    if (live && fresh.length) this.#deal();
  }

  /** Where a card is or, if it was played, was. @param {number} card */
  placeOf(card) {
    return this.#cards.get(card)?.firstElementChild?.getBoundingClientRect() ?? this.#left.get(card);
  }

  /** Those that are in some legal play; null: nobody knows, or it does not matter now. @param {Set<number> | null} cards */
  light(cards) {
    for (const [card, made] of this.#cards) made.classList.toggle("dim", cards !== null && !cards.has(card));
  }

  /** Selects these and no others. @param {number[]} cards */
  select(cards) {
    for (const card of this.#row) this.#mark(card, cards.includes(card));
    this.changed();
  }

  /** The cards are on their way. @param {number[]} cards none: they are not, after all */
  send(cards) {
    this.#sent = new Set(cards);
    for (const [card, made] of this.#cards) made.classList.toggle("sent", this.#sent.has(card));
    if (!cards.length) for (const made of this.#cards.values()) made.style.transform = "";
  }

  get sending() {
    return this.#sent.size > 0;
  }

  // ------------------------------------------------------------------ keys

  /** Moves the cursor. @param {number} step */
  move(step) {
    if (!this.#row.length) return;
    const at = this.#cursor === null ? -1 : this.#row.indexOf(this.#cursor);
    const next = at < 0 ? (step > 0 ? 0 : this.#row.length - 1) : at + step;
    this.#element(this.#row[(next + this.#row.length) % this.#row.length]).focus();
  }

  /** Selects or unselects the card under the cursor. @param {boolean} [on] neither: the other way round */
  turn(on) {
    if (this.#cursor !== null && this.#cards.has(this.#cursor))
      this.#set(this.#cursor, on ?? !this.selected.has(this.#cursor));
  }

  // ------------------------------------------------------------------ within

  /** @param {number} card @returns {HTMLElement} */
  #element(card) {
    return /** @type {HTMLElement} */ (this.#cards.get(card));
  }

  /** @param {number} card */
  #make(card) {
    const attributes = { class: `held rank-${rankOf(card)}`, role: "option", tabindex: -1, "aria-selected": "false" };
    const made = make("div", { ...attributes, "data-card": card, "aria-label": spoken(card, this.#suits) });
    made.append(face(card, this.#suits));
    return made;
  }

  #clear() {
    for (const card of [...this.#cards.keys()]) this.#drop(card);
    this.#left.clear();
  }

  /** @param {number} card */
  #drop(card) {
    const made = this.#element(card);
    this.#left.set(card, /** @type {DOMRect} */ (this.placeOf(card)));
    if (document.activeElement === made) this.box.focus();
    made.remove();
    this.#cards.delete(card);
    this.selected.delete(card);
    this.#sent.delete(card);
  }

  /** Puts the cards in order; those that move are seen to move. @param {Map<number, DOMRect | undefined>} before */
  #lay(before) {
    const focused = document.activeElement;
    this.#row = sorted([...this.#cards.keys()], this.#order);
    this.#fit();
    for (const card of this.#row) if (moved(before.get(card), this.placeOf(card))) fly(this.#element(card), before.get(card));
    if (focused instanceof HTMLElement && this.box.contains(focused)) focused.focus({ preventScroll: true });
    this.#rove();
  }

  /** One row if a finger finds each card there, else two. */
  #fit() {
    const count = this.#row.length;
    const width = parseFloat(getComputedStyle(this.box).getPropertyValue("--held"));
    const strip = (this.box.clientWidth - width) / Math.max(1, count - 1);
    const fingers = matchMedia("(pointer: coarse)").matches && !this.box.inert;
    const least = fingers ? STRIP.finger : STRIP.mouse;
    const rows = strip < least && count > 1 ? 2 : 1;
    const first = Math.floor(count / rows);
    const parts = rows === 2 ? [this.#row.slice(0, first), this.#row.slice(first)] : [this.#row];
    this.box.dataset.rows = String(rows);
    while (this.box.children.length < parts.length) this.box.append(make("div", { class: "row", role: "presentation" }));
    while (this.box.children.length > parts.length) this.box.lastElementChild?.remove();
    parts.forEach((cards, at) => fill(this.box.children[at], cards.map((card) => this.#element(card))));
  }

  /** New cards come one by one. */
  #deal() {
    if (still()) return;
    const frames = [{ opacity: 0, transform: "translateY(-60px) scale(.8)" }, { opacity: 1, transform: "none" }];
    this.#row.forEach((card, at) => {
      this.#element(card).animate(frames, { duration: 220, delay: at * 22, easing: "ease-out", fill: "backwards" });
    });
  }

  /** One card can be reached with the tab key, the arrows reach the others. */
  #rove() {
    if (this.#cursor === null || !this.#cards.has(this.#cursor)) this.#cursor = null;
    const reachable = this.#cursor ?? this.#row[0];
    for (const [card, made] of this.#cards) made.tabIndex = card === reachable ? 0 : -1;
  }

  /** @param {FocusEvent} event */
  #focused({ target }) {
    const card = cardOf(target);
    if (card === null) return;
    this.#cursor = card;
    this.#rove();
  }

  /** A click that no pointer made: that of a screen reader. @param {MouseEvent} event */
  #clicked({ target, detail }) {
    const card = cardOf(target);
    if (card !== null && detail === 0) this.#set(card, !this.selected.has(card));
  }

  /** @param {number} card @param {boolean} on */
  #set(card, on) {
    if (this.selected.has(card) === on || this.#sent.size) return;
    this.#mark(card, on);
    this.changed();
  }

  /** @param {number} card @param {boolean} on */
  #mark(card, on) {
    if (on) this.selected.add(card);
    else this.selected.delete(card);
    const made = this.#element(card);
    made.classList.toggle("chosen", on);
    made.setAttribute("aria-selected", String(on));
  }
}

/** Children that are in their place stay untouched, and keep the focus. @param {Element} row @param {HTMLElement[]} cards */
function fill(row, cards) {
  const settled = row.children.length === cards.length && cards.every((card, at) => row.children[at] === card);
  if (!settled) row.replaceChildren(...cards);
}

/** @param {DOMRect | undefined} from @param {DOMRect | undefined} to */
function moved(from, to) {
  return from && to && Math.hypot(from.x - to.x, from.y - to.y) > 1;
}
