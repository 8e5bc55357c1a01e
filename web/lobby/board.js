// @ts-check
/** The board with the rooms one can go to; it changes while one looks at it. */

import { button, make } from "../bigtwo/dom.js";
import { hasPage } from "../shared/place.js";
import { peopleInWords, roomInWords, rulesInWords, stateInWords } from "./words.js";

/** @typedef {import("../gamesrv.js").RoomInfo} RoomInfo */
/** @typedef {import("../gamesrv.js").GameInfo} GameInfo */
/** @typedef {(kind: "room" | "watch", info: RoomInfo) => void} Go */

const MOST_PIPS = 8;

export class Board {
  #list;
  #onGo;
  /** @type {Map<string, Row>} */ #rows = new Map();

  /** @param {HTMLElement} list @param {Go} onGo */
  constructor(list, onGo) {
    this.#list = list;
    this.#onGo = onGo;
  }

  /** How many rooms it shows. */
  get size() {
    return this.#rows.size;
  }

  /**
   * Rows stay the same elements, so that a finger on its way finds what it aimed at.
   * @param {RoomInfo[]} rooms
   * @param {Record<string, GameInfo>} games
   */
  show(rooms, games) {
    const shown = rooms.filter(({ game }) => hasPage(game));
    const rows = shown.map((info) => this.#row(info).show(info, games));
    this.#rows = new Map(rows.map((row) => [row.info.room, row]));
    this.#place(rows.map(({ element }) => element));
  }

  /** @param {Element[]} rows */
  #place(rows) {
    for (const old of [...this.#list.children]) if (!rows.includes(old)) old.remove();
    rows.forEach((row, i) => {
      const there = this.#list.children[i] ?? null;
      if (there !== row) this.#list.insertBefore(row, there);
    });
  }

  /** @param {RoomInfo} info */
  #row(info) {
    return this.#rows.get(info.room) ?? new Row(info, this.#onGo);
  }
}

class Row {
  #people = make("p", { class: "people" });
  #name = make("span", { class: "name" });
  #rules = make("span", { class: "rules" });
  #state = make("p", { class: "state" });
  #seats = make("p", { class: "seats" });
  #join;
  #watch;

  /** @param {RoomInfo} info @param {Go} onGo */
  constructor(info, onGo) {
    this.info = info;
    this.#join = button("Join", () => onGo("room", this.info), { class: "join" });
    this.#watch = button("Watch", () => onGo("watch", this.info), { class: "watch quiet" });
    const what = make("p", { class: "what" }, this.#name, " ", this.#rules);
    const buttons = make("p", { class: "go" }, this.#join, this.#watch);
    this.element = make("li", {}, this.#seats, this.#people, what, this.#state, buttons);
  }

  /** @param {RoomInfo} info @param {Record<string, GameInfo>} games */
  show(info, games) {
    this.info = info;
    const name = roomInWords(info.room, info.game, games);
    write(this.#people, peopleInWords(info));
    write(this.#name, name);
    write(this.#rules, rulesInWords(info));
    write(this.#state, stateInWords(info));
    this.#showSeats(info);
    this.#join.hidden = !info.open;
    this.#join.setAttribute("aria-label", `Join ${name}`);
    this.#watch.setAttribute("aria-label", `Watch ${name}`);
    this.element.className = info.state;
    return this;
  }

  /** One chalk mark per seat, where there are few. @param {RoomInfo} info */
  #showSeats({ players, seats }) {
    const told = `${players} of ${seats} seats taken`;
    if (this.#seats.title === told) return;
    this.#seats.title = told;
    const marks = Array.from({ length: seats }, (_, i) =>
      make("i", { class: i < players ? "taken" : "free" }),
    );
    const count = make("span", { class: "count" }, `${players}/${seats}`);
    const shown = seats > MOST_PIPS ? [count] : marks;
    this.#seats.replaceChildren(make("span", { class: "unseen" }, told), ...shown);
  }
}

/** What changes seldom is written seldom. @param {Element} where @param {string} text */
function write(where, text) {
  if (where.textContent !== text) where.textContent = text;
}
