// @ts-check
/** The menu: how to play, how to take one's seat elsewhere, how to leave. */

const HIDDEN = "resume ••••••••••••";
const ELSEWHERE = `
  <h3>Go on elsewhere</h3>
  <p>
    Your seat is not tied to this window: telnet leads to it as well. Ask whoever runs this server for the
    port (4023, if it was left as it comes), and type there
  </p>
  <pre id="resume-line"></pre>
  <p class="line">
    <button id="reveal" type="button">Show the secret</button>
    <button id="copy" type="button" hidden>Copy</button>
  </p>
  <p class="small">Whoever has this line has your seat. It is a new one after each connection.</p>
`;

export class Menu {
  #dialog;
  #secret;
  #reveal;
  #copy;
  /** @type {() => string | null} */ #token = () => null;

  /** @param {HTMLDialogElement} dialog it says how to play, and has a place `elsewhere` @param {() => void} onLeave */
  constructor(dialog, onLeave) {
    /** @type {HTMLElement} */ (dialog.querySelector("#elsewhere")).innerHTML = ELSEWHERE;
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
