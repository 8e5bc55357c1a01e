// @ts-check
/** What one holds: keys, thumbs or a gamepad. */

import { Stick, directionOf, eighthOf } from "../shared/stick.js";

/** @typedef {{dx: number, dy: number, dash: boolean, brake: boolean}} Held as it is seen; each way -1, 0 or 1 */

/** @type {Record<string, "left" | "right" | "up" | "down" | "dash" | "brake">} by place, W is up on any layout */
const KEYS = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  KeyA: "left",
  KeyD: "right",
  KeyW: "up",
  KeyS: "down",
  Space: "dash",
  ShiftLeft: "brake",
  ShiftRight: "brake",
};
const TILTED = 0.4; // of a gamepad's stick

export class Input {
  /** @type {Set<string>} codes of keys that are down */ #keys = new Set();
  /** @type {Map<Element, Set<number>>} pointers on each button */ #pressed = new Map();
  /** @type {Stick} */ #stick;
  #dash;
  #brake;
  /** @type {number | null} eighth of a turn that the gamepad's stick points to */ #eighth = null;

  /** @param {{pad: HTMLElement, knob: HTMLElement, dash: HTMLElement, brake: HTMLElement}} touch */
  constructor({ pad, knob, dash, brake }) {
    this.#stick = new Stick(pad, knob, () => {});
    this.#dash = this.#button(dash);
    this.#brake = this.#button(brake);
    addEventListener("keydown", (event) => this.#keyDown(event));
    addEventListener("keyup", ({ code }) => void this.#keys.delete(code));
    addEventListener("blur", () => this.releaseAll());
  }

  /** @returns {Held} */
  get held() {
    const keys = new Set([...this.#keys].map((code) => KEYS[code]));
    const pad = this.#gamepad();
    const dx = Number(keys.has("right")) - Number(keys.has("left"));
    const dy = Number(keys.has("down")) - Number(keys.has("up"));
    const way = dx || dy ? { dx, dy } : pad.dx || pad.dy ? pad : this.#stick.direction;
    const dash = keys.has("dash") || this.#dash.size > 0 || pad.dash;
    return { dx: way.dx, dy: way.dy, dash, brake: keys.has("brake") || this.#brake.size > 0 || pad.brake };
  }

  /** Nothing is held any more: the page can't see keys come up while it is not looked at. */
  releaseAll() {
    this.#keys.clear();
    this.#stick.release();
    for (const pointers of this.#pressed.values()) pointers.clear();
  }

  /** @param {HTMLElement} button @returns {Set<number>} pointers that press it */
  #button(button) {
    const pointers = new Set();
    this.#pressed.set(button, pointers);
    button.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      pointers.add(event.pointerId);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      button.addEventListener(end, (event) => pointers.delete(/** @type {PointerEvent} */ (event).pointerId));
    }
    return pointers;
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    if (isForThePage(event) || !Object.hasOwn(KEYS, event.code)) return;
    if (event.code !== "ShiftLeft" && event.code !== "ShiftRight") event.preventDefault();
    this.#keys.add(event.code);
  }

  /** @returns {Held} */
  #gamepad() {
    const pad = navigator.getGamepads?.().find((each) => each?.connected);
    if (!pad) return { dx: 0, dy: 0, dash: false, brake: false };
    const down = (/** @type {number} */ number) => pad.buttons[number]?.pressed ?? false;
    const x = Number(down(15)) - Number(down(14)) || pad.axes[0] || 0;
    const y = Number(down(13)) - Number(down(12)) || pad.axes[1] || 0;
    this.#eighth = Math.hypot(x, y) < TILTED ? null : eighthOf(Math.atan2(y, x), this.#eighth);
    return { ...directionOf(this.#eighth), dash: down(0) || down(7), brake: down(1) || down(6) };
  }
}

/** Typing, buttons, open dialogs and the browser's own shortcuts come first. @param {KeyboardEvent} event */
function isForThePage({ target, code, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey || document.querySelector("dialog[open]")) return true;
  const element = /** @type {Element} */ (target instanceof Element ? target : document.body);
  return Boolean(element.closest("input") || (code === "Space" && element.closest("button")));
}
