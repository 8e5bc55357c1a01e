// @ts-check
/** One player: what they are rated at, and how their games went, the newest first. */

import { make } from "../bigtwo/dom.js";
import { sentence, titleOf } from "../lobby/words.js";
import { ask } from "./answers.js";
import { momentInWords, nameOf, placeInWords } from "./words.js";

/** @typedef {import("./answers.js").Player} Player */
/** @typedef {import("./answers.js").Rating} Rating */
/** @typedef {import("./answers.js").Result} Result */
/** @typedef {import("./answers.js").Standing} Standing */

const PAGE = 20; // games that come at once

export class History {
  #list;
  #older;
  #player = "";
  #before = 0;
  /** @type {Record<string, string>} */ #titles = {};

  /** @param {HTMLElement} sheet */
  constructor(sheet) {
    this.sheet = sheet;
    this.#list = this.#part("ol");
    this.#older = /** @type {HTMLButtonElement} */ (this.#part("#older"));
    this.#older.addEventListener("click", () => this.#more());
  }

  /** @param {Player} told @param {Record<string, string>} titles of the games */
  show({ player, name, ratings, results }, titles) {
    this.#player = player;
    this.#titles = titles;
    const game = ratings.length === 1 ? ratings[0].game : undefined;
    this.#part("h2").textContent = nameOf({ player, name }, game);
    this.#part(".ratings").replaceChildren(...ratings.map((each) => this.#rating(each)));
    this.#part(".nobody").hidden = results.length > 0;
    this.#list.replaceChildren();
    this.#add(results);
  }

  /** @param {Result[]} results */
  #add(results) {
    this.#list.append(...results.map((result) => this.#row(result)));
    this.#older.hidden = results.length < PAGE;
    this.#older.textContent = "Older games";
    this.#before = results.length ? results[results.length - 1].number : 0;
  }

  async #more() {
    const player = this.#player;
    const asked = `results?player=${encodeURIComponent(player)}&before=${this.#before}&most=${PAGE}`;
    this.#older.disabled = true;
    try {
      const { results } = await ask(asked);
      if (player === this.#player) this.#add(results);
    } catch (error) {
      this.#older.textContent = sentence(/** @type {Error} */ (error).message);
    }
    this.#older.disabled = false;
  }

  /** @param {{game: string} & Rating} rating */
  #rating({ game, rating, played }) {
    const games = played === 1 ? "1 game" : `${played} games`;
    return make("li", {}, make("b", {}, String(rating)), ` ${this.#title(game)}, ${games}`);
  }

  /** @param {Result} result */
  #row({ game, at, journal, standings }) {
    const own = standings.filter(({ player }) => player === this.#player);
    const place = placeInWords(own[0]?.place ?? standings.length);
    const moment = make("time", { datetime: new Date(at * 1000).toISOString() }, momentInWords(at));
    const replay = `replay.html?game=${encodeURIComponent(journal)}`;
    const what = make("p", { class: "what" }, `${this.#title(game)}, `, moment);
    const watch = make("a", { href: replay, "aria-label": `Watch the game of ${momentInWords(at)}` }, "Watch");
    const who = make("p", { class: "who" }, ...standings.flatMap((each, i) => this.#who(each, i)));
    return make("li", {}, make("b", { class: own[0]?.place === 1 ? "first" : "" }, place), who, what, watch);
  }

  /** @param {Standing} standing @param {number} i */
  #who({ player, name, place }, i) {
    const self = player === this.#player;
    const shown = self ? make("b", {}, name) : make("a", { href: `#player=${encodeURIComponent(player)}` }, name);
    return [i ? ", " : "", make("span", { class: "at" }, `${place}\u00a0`), shown];
  }

  /** @param {string} game */
  #title(game) {
    return titleOf(game, { [game]: { title: this.#titles[game] ?? game, seats: [0, 0] } });
  }

  /** @param {string} selector @returns {HTMLElement} */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.sheet.querySelector(selector));
  }
}
