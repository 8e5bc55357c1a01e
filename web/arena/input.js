// @ts-check
/** Keys and thumb become a direction and a dash. */

import { Stick } from "../shared/stick.js";

/** @typedef {{dx: number, dy: number}} Direction each -1, 0 or 1 */

/** @type {Record<string, Direction>} by place on the keyboard, so that W is up on every layout */
const KEYS = {
  ArrowLeft: { dx: -1, dy: 0 },
  ArrowRight: { dx: 1, dy: 0 },
  ArrowUp: { dx: 0, dy: -1 },
  ArrowDown: { dx: 0, dy: 1 },
  KeyA: { dx: -1, dy: 0 },
  KeyD: { dx: 1, dy: 0 },
  KeyW: { dx: 0, dy: -1 },
  KeyS: { dx: 0, dy: 1 },
};

export class Input {
  /** @type {Direction} what is held now */ direction = { dx: 0, dy: 0 };

  /** @type {Set<string>} */ #held = new Set();
  /** @type {Stick} */ #stick;
  #onMove;
  #onDash;

  /**
   * @param {{pad: HTMLElement, knob: HTMLElement, dash: HTMLElement}} touch
   * @param {(direction: Direction) => void} onMove each time it changes
   * @param {() => void} onDash
   */
  constructor({ pad, knob, dash }, onMove, onDash) {
    this.#onMove = onMove;
    this.#onDash = onDash;
    this.#stick = new Stick(pad, knob, () => this.#update());
    dash.addEventListener("pointerdown", (event) => this.#tapDash(event));
    addEventListener("keydown", (event) => this.#keyDown(event));
    addEventListener("keyup", ({ code }) => this.#release(code));
    addEventListener("blur", () => this.releaseAll());
  }

  /** Nothing is held any more: the page can't see keys come up while it is not looked at. */
  releaseAll() {
    this.#held.clear();
    this.#stick.release();
    this.#update();
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    if (isForThePage(event)) return;
    if (event.code in KEYS) this.#held.add(event.code);
    else if (event.code !== "Space") return;
    else if (!event.repeat) this.#onDash();
    event.preventDefault();
    this.#update();
  }

  /** @param {string} code */
  #release(code) {
    if (this.#held.delete(code)) this.#update();
  }

  /** @param {PointerEvent} event */
  #tapDash(event) {
    event.preventDefault();
    this.#onDash();
  }

  #update() {
    const direction = this.#held.size
      ? sum([...this.#held].map((code) => KEYS[code]))
      : this.#stick.direction;
    if (direction.dx === this.direction.dx && direction.dy === this.direction.dy) return;
    this.direction = direction;
    this.#onMove(direction);
  }
}

/** Typing, buttons, open dialogs and the browser's own shortcuts come first. @param {KeyboardEvent} event */
function isForThePage({ target, code, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey || document.querySelector("dialog[open]")) return true;
  const element = /** @type {Element} */ (target instanceof Element ? target : document.body);
  return Boolean(element.closest("input") || (code === "Space" && element.closest("button, summary")));
}

/** @param {Direction[]} directions @returns {Direction} */
function sum(directions) {
  const [x, y] = directions.reduce(([x, y], { dx, dy }) => [x + dx, y + dy], [0, 0]);
  return { dx: Math.sign(x), dy: Math.sign(y) };
}
