// @ts-check
/** The menu: how to play, how to take one's seat elsewhere, how to leave. */

const HIDDEN = "resume ••••••••••••";

export class Menu {
  #dialog;
  #secret;
  #reveal;
  #copy;
  /** @type {() => string | null} */ #token = () => null;

  /** @param {HTMLDialogElement} dialog @param {() => void} onLeave */
  constructor(dialog, onLeave) {
    this.#dialog = dialog;
    this.#secret = /** @type {HTMLElement} */ (dialog.querySelector("#resume-line"));
    this.#reveal = /** @type {HTMLButtonElement} */ (dialog.querySelector("#reveal"));
    this.#copy = /** @type {HTMLButtonElement} */ (dialog.querySelector("#copy"));
    this.#reveal.addEventListener("click", () => this.#show());
    this.#copy.addEventListener("click", () => this.#copyLine());
    dialog.querySelector("#leave")?.addEventListener("click", () => this.#leave(onLeave));
    dialog.addEventListener("close", () => this.#hide());
  }

  /** @param {() => string | null} token tells the newest, should it be asked for */
  open(token) {
    this.#token = token;
    this.#hide();
    this.#dialog.showModal();
  }

  close() {
    this.#dialog.close();
  }

  #show() {
    this.#secret.textContent = `resume ${this.#token() ?? ""}`;
    this.#reveal.hidden = true;
    this.#copy.hidden = !navigator.clipboard;
    this.#copy.textContent = "Copy";
  }

  #hide() {
    this.#secret.textContent = HIDDEN;
    this.#reveal.hidden = false;
    this.#copy.hidden = true;
  }

  async #copyLine() {
    await navigator.clipboard.writeText(this.#secret.textContent ?? "");
    this.#copy.textContent = "Copied";
  }

  /** @param {() => void} onLeave */
  #leave(onLeave) {
    this.#dialog.close();
    onLeave();
  }
}
