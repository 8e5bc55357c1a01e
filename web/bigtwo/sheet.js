// @ts-check
/** A sheet of paper on the table, for what is told between the games. */

export class Sheet {
  #about = "";

  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
  }

  /**
   * Shows it, made anew only if what it is about has changed. What was unfolded or had the focus has it again.
   * @param {string} kind
   * @param {unknown} about plain data: all that `build` depends on
   * @param {() => (Node | string)[]} build
   */
  show(kind, about, build) {
    const text = JSON.stringify([kind, about]);
    this.box.hidden = false;
    if (text === this.#about) return;
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
  }

  /** @param {string} text how long the break still takes */
  rest(text) {
    const rest = this.box.querySelector(".rest");
    if (rest) rest.textContent = text;
  }
}
