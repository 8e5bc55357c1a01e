// @ts-check
/**
 * Pointers on one's cards: a tap selects, a sweep along selects several, and what is carried up onto the table
 * is played.
 */

/**
 * @typedef {object} Holder
 * @property {(card: number) => boolean} has whether it is selected
 * @property {(card: number, on: boolean) => void} set
 * @property {() => HTMLElement[]} carried the selected cards
 * @property {() => void} play the selected cards
 */
/** @typedef {{card: number, x: number, y: number, how: "press" | "sweep" | "carry", on: boolean}} Grip */

const SLACK = 9; // px; less is a tap
const HIGH = 24; // px above the hand, where cards are on the table

export class Gestures {
  /** @type {Grip | null} */ #grip = null;

  /** @param {HTMLElement} box @param {Holder} holder */
  constructor(box, holder) {
    this.box = box;
    this.holder = holder;
    box.addEventListener("pointerdown", (event) => this.#down(event));
    box.addEventListener("pointermove", (event) => this.#move(event));
    box.addEventListener("pointerup", (event) => this.#up(event));
    box.addEventListener("pointercancel", () => this.#end());
  }

  /** @param {PointerEvent} event */
  #down({ target, button, isPrimary, pointerId, clientX, clientY }) {
    const card = cardOf(target);
    if (card === null || button !== 0 || !isPrimary) return;
    capture(this.box, pointerId);
    this.#grip = { card, x: clientX, y: clientY, how: "press", on: !this.holder.has(card) };
  }

  /** @param {PointerEvent} event */
  #move({ clientX, clientY }) {
    const grip = this.#grip;
    if (!grip) return;
    const [dx, dy] = [clientX - grip.x, clientY - grip.y];
    if (grip.how === "press" && Math.hypot(dx, dy) > SLACK) this.#begin(grip, dx, dy);
    if (grip.how === "sweep") this.#sweep(grip, clientX, clientY);
    else if (grip.how === "carry") this.#carry(dx, dy, clientY);
  }

  /** @param {Grip} grip @param {number} dx @param {number} dy */
  #begin(grip, dx, dy) {
    grip.how = -dy > Math.abs(dx) ? "carry" : "sweep";
    this.holder.set(grip.card, grip.how === "carry" || grip.on);
    this.box.classList.toggle("carrying", grip.how === "carry");
  }

  /** @param {Grip} grip @param {number} x @param {number} y */
  #sweep({ on }, x, y) {
    const card = cardOf(document.elementFromPoint(x, y));
    if (card !== null) this.holder.set(card, on);
  }

  /** @param {number} dx @param {number} dy @param {number} y */
  #carry(dx, dy, y) {
    for (const card of this.holder.carried()) card.style.transform = `translate(${dx}px, ${dy}px)`;
    document.body.classList.toggle("over-table", this.#isHigh(y));
  }

  /** @param {number} y */
  #isHigh(y) {
    return y < this.box.getBoundingClientRect().top - HIGH;
  }

  /** @param {PointerEvent} event */
  #up({ clientY }) {
    const grip = this.#grip;
    const played = grip?.how === "carry" && this.#isHigh(clientY);
    if (grip?.how === "press") this.holder.set(grip.card, grip.on);
    if (played) this.holder.play();
    this.#end(played);
  }

  /** Cards that were played stay where they were let go, until the table has them. @param {boolean} [played] */
  #end(played = false) {
    if (this.#grip?.how === "carry" && !played)
      for (const card of this.holder.carried()) card.style.transform = "";
    this.#grip = null;
    this.box.classList.remove("carrying");
    document.body.classList.remove("over-table");
  }
}

/** The card that something on the page belongs to. @param {EventTarget | null} target @returns {number | null} */
export function cardOf(target) {
  const held = target instanceof Element ? target.closest("[data-card]") : null;
  return held ? Number(held.getAttribute("data-card")) : null;
}

/** The pointer may be gone by now; then there is nothing to follow. @param {Element} box @param {number} pointer */
function capture(box, pointer) {
  try {
    box.setPointerCapture(pointer);
  } catch {
    // NotFoundError is all it can be
  }
}
