// @ts-check
/**
 * What one is told while the connection is away: what happened, what is being done about it, and what one can
 * do.
 */

/** @typedef {import("../gamesrv.js").Status} Status */
/** @typedef {{title: string, text: string, button: string}} Words */

/** @type {Record<number, Words>} */
const FINAL = {
  4401: {
    title: "Your session is over",
    text: "It was away for too long to be resumed.",
    button: "Start again",
  },
  4403: { title: "You were sent off", text: "", button: "Start again" },
  4404: { title: "This room is gone", text: "", button: "Find another" },
  4409: {
    title: "You play on elsewhere",
    text: "Your seat was taken up over another connection: another tab, another device, or telnet.",
    button: "Play here instead",
  },
  4410: { title: "The game is over", text: "", button: "Play again" },
  4500: { title: "This room broke down", text: "", button: "Find another" },
};
/** @type {Words} */
const UNKNOWN = { title: "The server closed the connection", text: "", button: "Start again" };

const PARTS = `
  <h2 id="overlay-title"></h2>
  <p id="overlay-text"></p>
  <p id="overlay-count"></p>
  <button type="button"></button>
`;

export class Overlay {
  #dialog;
  /** @type {Element} */ #title;
  /** @type {Element} */ #text;
  /** @type {Element} */ #count;
  /** @type {HTMLButtonElement} */ #button;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;
  /** @type {Extract<Status, {state: "waiting"}> | null} */ #waiting = null;
  #wasOnline = false;

  /** @param {HTMLDialogElement} dialog an empty one @param {() => void} onButton */
  constructor(dialog, onButton) {
    this.#dialog = dialog;
    dialog.className = "card";
    dialog.innerHTML = PARTS;
    dialog.setAttribute("aria-labelledby", "overlay-title");
    dialog.setAttribute("aria-describedby", "overlay-text");
    [this.#title, this.#text, this.#count] = [...dialog.querySelectorAll("h2, p")];
    this.#button = /** @type {HTMLButtonElement} */ (dialog.querySelector("button"));
    this.#button.addEventListener("click", onButton);
    dialog.addEventListener("cancel", (event) => event.preventDefault());
  }

  /** @param {Status} status */
  show(status) {
    clearInterval(this.#timer);
    if (status.state === "waiting") this.#wait(status);
    else if (status.state === "connecting") this.#try();
    else if (status.state === "closed") this.#end(status);
    else this.#wasOnline = true;
  }

  /** A final word that is not the connection's. @param {Words} words */
  tell({ title, text, button }) {
    this.#say(title, text, "", button);
  }

  hide() {
    clearInterval(this.#timer);
    this.#waiting = null;
    this.#dialog.close();
  }

  /** @param {Extract<Status, {state: "waiting"}>} status */
  #wait(status) {
    this.#waiting = status;
    const title = this.#wasOnline ? "Connection lost" : "No answer";
    this.#say(title, this.#wasOnline ? "" : "The server can’t be reached at the moment.", "", "Try now");
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), 250);
  }

  /** The first try is nobody's trouble: the overlay stays away. */
  #try() {
    if (!this.#waiting) return;
    this.#count.textContent = "Trying now …";
    this.#button.disabled = true;
  }

  /** @param {{code: number, reason: string}} status */
  #end({ code, reason }) {
    const { title, text, button } = FINAL[code] ?? UNKNOWN;
    this.#waiting = null;
    this.#say(title, text || `${reason || "No reason was given"} (${code}).`, "", button);
  }

  #tick() {
    if (!this.#waiting) return;
    const { at, attempt, heldUntil } = this.#waiting;
    const seconds = Math.max(0, Math.ceil((at - performance.now()) / 1000));
    this.#count.textContent = `Try ${attempt} in ${seconds} s.`;
    if (heldUntil) this.#text.textContent = held(heldUntil - performance.now());
  }

  /** @param {string} title @param {string} text @param {string} count @param {string} button */
  #say(title, text, count, button) {
    this.#title.textContent = title;
    this.#text.textContent = text;
    this.#count.textContent = count;
    this.#button.textContent = button;
    this.#button.disabled = false;
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}

/** @param {number} left ms */
function held(left) {
  if (left <= 0) return "Your seat may be given away by now; then you get a new one, under the same name.";
  return `Your seat is held for another ${Math.ceil(left / 1000)} s.`;
}
