// @ts-check
/** A thumb stick: it is where the thumb comes down, and has eight directions. */

const DEAD_ZONE = 12; // px
const REACH = 46; // px
const HYSTERESIS = 0.12; // rad past the border between two directions, before it changes

export class Stick {
  /** @type {{dx: number, dy: number}} */ direction = { dx: 0, dy: 0 };

  #pad;
  #knob;
  #onChange;
  /** @type {number | null} */ #pointer = null;
  #origin = { x: 0, y: 0 };
  /** @type {number | null} eighths of a turn, clockwise from the right */ #eighth = null;

  /** @param {HTMLElement} pad @param {HTMLElement} knob @param {() => void} onChange */
  constructor(pad, knob, onChange) {
    this.#pad = pad;
    this.#knob = knob;
    this.#onChange = onChange;
    pad.addEventListener("pointerdown", (event) => this.#grab(event));
    pad.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      pad.addEventListener(end, (event) => this.#let(/** @type {PointerEvent} */ (event)));
    }
  }

  release() {
    this.#pointer = null;
    this.#point(0, 0);
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (this.#pointer !== null) return;
    event.preventDefault();
    this.#pointer = event.pointerId;
    this.#pad.setPointerCapture(event.pointerId);
    this.#origin = { x: event.clientX, y: event.clientY };
    const { left, top } = this.#pad.getBoundingClientRect();
    this.#pad.style.setProperty("--x", `${event.clientX - left}px`);
    this.#pad.style.setProperty("--y", `${event.clientY - top}px`);
    this.#point(0, 0);
  }

  /** @param {PointerEvent} event */
  #move({ pointerId, clientX, clientY }) {
    if (pointerId === this.#pointer) this.#point(clientX - this.#origin.x, clientY - this.#origin.y);
  }

  /** @param {PointerEvent} event */
  #let({ pointerId }) {
    if (pointerId === this.#pointer) this.release();
  }

  /** @param {number} x @param {number} y px from where the thumb came down */
  #point(x, y) {
    const distance = Math.hypot(x, y);
    const shown = Math.min(1, REACH / Math.max(1, distance));
    this.#knob.style.transform = `translate(${x * shown}px, ${y * shown}px)`;
    this.#pad.classList.toggle("held", this.#pointer !== null);
    this.#eighth = distance < DEAD_ZONE ? null : eighthOf(Math.atan2(y, x), this.#eighth);
    const direction = directionOf(this.#eighth);
    if (direction.dx === this.direction.dx && direction.dy === this.direction.dy) return;
    this.direction = direction;
    this.#onChange();
  }
}

/**
 * The eighth of a turn that is meant; a thumb that trembles at a border stays with the one it had.
 * @param {number} angle rad
 * @param {number | null} before
 */
export function eighthOf(angle, before) {
  const turns = angle / (Math.PI / 4);
  if (before !== null) {
    const off = Math.abs(((turns - before + 12) % 8) - 4);
    if (off < 0.5 + HYSTERESIS / (Math.PI / 4)) return before;
  }
  return (Math.round(turns) + 8) % 8;
}

/** @param {number | null} eighth */
export function directionOf(eighth) {
  if (eighth === null) return { dx: 0, dy: 0 };
  const angle = (eighth * Math.PI) / 4;
  return { dx: Math.round(Math.cos(angle)) + 0, dy: Math.round(Math.sin(angle)) + 0 };
}
