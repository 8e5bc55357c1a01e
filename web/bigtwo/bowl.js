// @ts-check
/**
 * A tea bowl seen from above stands for a player. Its rim is the clock of the turn; who passes puts the lid on.
 */

import { draw } from "./face.js";

const LATE = 5; // s; from here on the clock is urgent
const ROUND = 100; // the rim's length, as the path counts it

export class Bowl {
  #rim = draw("circle", { class: "rim", cx: 36, cy: 36, r: 33, pathLength: ROUND, transform: "rotate(-90 36 36)" });
  #letter = draw("text", { class: "letter", x: 36, y: 37 });
  #initial = "";

  constructor() {
    const lid = draw(
      "g",
      { class: "lid" },
      draw("circle", { cx: 36, cy: 36, r: 26 }),
      draw("circle", { class: "groove", cx: 36, cy: 36, r: 19 }),
      draw("circle", { class: "knob", cx: 36, cy: 36, r: 8 }),
    );
    this.svg = draw(
      "svg",
      { viewBox: "0 0 72 72", class: "bowl", "aria-hidden": "true" },
      draw("circle", { class: "saucer", cx: 36, cy: 36, r: 33 }),
      this.#rim,
      draw("circle", { class: "glaze", cx: 36, cy: 36, r: 27 }),
      draw("circle", { class: "tea", cx: 36, cy: 36, r: 22.5 }),
      this.#letter,
      lid,
    );
  }

  /** @param {string} name @param {string} glaze */
  fill(name, glaze) {
    this.#initial = [...name][0]?.toUpperCase() ?? "";
    this.#letter.textContent = this.#initial;
    this.svg.style.setProperty("--glaze", glaze);
  }

  /** @param {number | null} left seconds of the turn; null: it is not their turn @param {number} whole */
  time(left, whole) {
    const shown = left === null ? 0 : Math.min(1, Math.max(0, left / whole)) * ROUND;
    const late = left !== null && left <= LATE;
    this.#rim.style.strokeDasharray = `${shown} ${ROUND + 1}`;
    this.svg.classList.toggle("late", late);
    this.#letter.textContent = late ? String(Math.max(0, Math.ceil(left))) : this.#initial;
  }
}
