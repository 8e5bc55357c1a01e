// @ts-check
/** The line that says what goes on, and the buttons of one's turn. */

import { element } from "./dom.js";
import { kindName } from "./words.js";

/**
 * @typedef {object} Deeds
 * @property {() => void} play
 * @property {() => void} pass
 * @property {() => void} hint
 * @property {() => void} sort
 * @property {() => void} auto
 */
/**
 * What the buttons show.
 * @typedef {object} Look
 * @property {string} line what goes on, or why not
 * @property {boolean} problem it is why not
 * @property {boolean} turn one's own
 * @property {boolean} stuck nothing can be played
 * @property {boolean} mayPass
 * @property {boolean} mayPlay what is selected
 * @property {number} count of cards selected
 * @property {string} kind of what is selected, as the rules call it
 * @property {boolean} mayAsk for a hint
 * @property {boolean} auto
 * @property {"rank" | "suit"} order
 */

export class Controls {
  #line = element("line");
  #play = element("play");
  #pass = element("pass");
  #hint = element("hint");
  #sort = element("sort");
  #auto = element("auto");

  /** @param {Deeds} deeds */
  constructor({ play, pass, hint, sort, auto }) {
    this.#play.addEventListener("click", play);
    this.#pass.addEventListener("click", pass);
    this.#hint.addEventListener("click", hint);
    this.#sort.addEventListener("click", sort);
    this.#auto.addEventListener("click", auto);
  }

  /** @param {Look} look */
  show(look) {
    this.say(look.line, look.problem);
    this.#line.classList.toggle("turn", look.turn);
    this.#play.textContent = playLabel(look);
    this.#play.disabled = !look.mayPlay;
    this.#pass.disabled = !look.mayPass;
    this.#pass.classList.toggle("urged", look.stuck && look.mayPass);
    this.#hint.disabled = !look.mayAsk;
    this.#sort.textContent = look.order === "rank" ? "By suit" : "By rank";
    this.#auto.setAttribute("aria-checked", String(look.auto));
  }

  /** @param {string} line @param {boolean} problem */
  say(line, problem) {
    if (this.#line.textContent !== line) this.#line.textContent = line;
    this.#line.classList.toggle("problem", problem);
  }
}

/** @param {Look} look */
function playLabel({ count, kind }) {
  if (!count) return "Play";
  return `Play ${kindName(kind) || (count === 1 ? "card" : `${count} cards`)}`;
}
