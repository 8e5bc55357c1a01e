// @ts-check
/** How a new table shall be. */

import { Refused } from "../gamesrv.js";
import { sentence } from "./words.js";

/** @typedef {{options: Record<string, any>, isPrivate: boolean}} Table */

export class TableForm {
  #dialog;
  #form;
  #onOpen;

  /** @param {HTMLDialogElement} dialog @param {(table: Table) => Promise<void>} onOpen may reject */
  constructor(dialog, onOpen) {
    this.#dialog = dialog;
    this.#form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
    this.#onOpen = onOpen;
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#form.addEventListener("input", () => this.#clear());
    dialog.querySelector(".close")?.addEventListener("click", () => dialog.close());
  }

  open() {
    this.#clear();
    this.#dialog.showModal();
  }

  close() {
    this.#dialog.close();
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (this.#form.querySelector("[type=submit]"));
    button.disabled = true;
    this.#clear();
    try {
      await this.#onOpen(this.#table());
    } catch (error) {
      this.#tell(/** @type {Error} */ (error));
    }
    button.disabled = false;
  }

  /**
   * Options that were left as they are go unsaid, so that the list of rooms tells what is special.
   * @returns {Table}
   */
  #table() {
    const options = Object.fromEntries(this.#chosen());
    const box = /** @type {HTMLInputElement} */ (this.#form.elements.namedItem("private"));
    return { options, isPrivate: box.checked };
  }

  *#chosen() {
    for (const field of /** @type {Iterable<HTMLInputElement>} */ (this.#form.elements)) {
      const { name, type, value } = field;
      if (type === "radio" && field.checked && !field.defaultChecked) yield [name, plain(field)];
      if (type === "number" && value !== field.defaultValue) yield [name, Number(value)];
    }
  }

  #clear() {
    for (const problem of this.#form.querySelectorAll(".problem")) problem.textContent = "";
  }

  /** At the field that is to blame, where there is one. @param {Error} error */
  #tell(error) {
    const path = error instanceof Refused ? (error.path ?? "") : "";
    const name = path.replace(/^options\./, "");
    const found = [...this.#form.querySelectorAll(".problem")].find(
      (it) => it.getAttribute("data-for") === name,
    );
    const problem = found ?? /** @type {Element} */ (this.#form.querySelector(".problem.any"));
    problem.textContent = sentence(
      found || !path ? error.message : `${name.replaceAll("_", " ")}: ${error.message}`,
    );
    /** @type {HTMLElement | null} */ (this.#form.querySelector(`[name="${CSS.escape(name)}"]`))?.focus();
  }
}

/** @param {HTMLInputElement} field */
function plain({ name, value }) {
  return name === "players" ? Number(value) : value;
}
