// @ts-check
/** A sheet of paper on the table, for what is told between the games. */

export class Sheet {
  #about = "";
  #pressed = false;
  /** What would have been shown meanwhile. @type {(() => void) | null} */ #next = null;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    box.addEventListener("pointerdown", () => (this.#pressed = true));
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => this.#release()));
  }

  /**
   * Shows it, made anew only if what it is about has changed, and not under a finger that is on its way: a click
   * would be lost. What was unfolded or had the focus has it again.
   * @param {string} kind
   * @param {unknown} about plain data: all that `build` depends on
   * @param {() => (Node | string)[]} build
   */
  show(kind, about, build) {
    const text = JSON.stringify([kind, about]);
    this.box.hidden = false;
    if (text === this.#about) return;
    if (this.#pressed) {
      this.#next = () => this.show(kind, about, build);
      return;
    }
    this.#about = text;
    const open = [...this.box.querySelectorAll("details[open]")].map(({ className }) => className);
    const focused = this.box.contains(document.activeElement) ? (document.activeElement?.id ?? "") : "";
    this.box.className = `card ${kind}`;
    this.box.replaceChildren(...build());
    for (const details of this.box.querySelectorAll("details")) details.open = open.includes(details.className);
    if (focused) document.getElementById(focused)?.focus();
  }

  hide() {
    this.box.hidden = true;
    this.#about = "";
    this.#next = null;
  }

  /** The click, if it was one, has been heard by now. */
  #release() {
    const next = this.#next;
    this.#pressed = false;
    this.#next = null;
    next?.();
  }

  /** @param {string} text how long the break still takes */
  rest(text) {
    const rest = this.box.querySelector(".rest");
    if (rest) rest.textContent = text;
  }
}
