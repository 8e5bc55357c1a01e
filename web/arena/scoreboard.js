// @ts-check
/** Who leads, and how one stands oneself. */

import { colourOf } from "./palette.js";

/** @typedef {{seat: string, name: string, score: number, rank: number | "–", own: boolean}} Row */

const EVERY = 200; // ms
const SHOWN = 5;

export class Scoreboard {
  #list;
  #lastShown = 0;
  #shown = "";

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
  }

  /** @param {Record<string, any>[]} avatars @param {string | null} own seat @param {number} now */
  show(avatars, own, now) {
    if (now - this.#lastShown < EVERY) return;
    this.#lastShown = now;
    const rows = leaders(avatars, own, SHOWN);
    const text = JSON.stringify(rows);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#list.replaceChildren(...rows.map(rowElement));
  }
}

/**
 * The best, and oneself in any case. Equals share a rank; who is `unranked` has none that is known.
 * @param {Record<string, any>[]} avatars
 * @param {string | null} own
 * @param {number} most
 * @returns {Row[]}
 */
export function leaders(avatars, own, most) {
  const sorted = avatars
    .map(({ seat, name, score, unranked }) => {
      return { seat: String(seat), name: String(name ?? ""), score: Number(score ?? 0), unranked };
    })
    .sort((a, b) => b.score - a.score || Number(a.seat) - Number(b.seat));
  const rankOf = (/** @type {number} */ score) => 1 + sorted.findIndex((row) => row.score === score);
  const ranked = sorted.map(({ unranked, ...row }) => {
    return { ...row, rank: unranked ? "–" : rankOf(row.score), own: row.seat === own };
  });
  const best = ranked.slice(0, most);
  const me = ranked.find((row) => row.own);
  return me && !best.includes(me) ? [...best.slice(0, most - 1), me] : best;
}

/** @param {Row} row */
function rowElement({ seat, name, score, rank, own }) {
  const row = document.createElement("li");
  row.classList.toggle("own", own);
  row.append(cell("rank", `${rank}`), cell("dot", ""), cell("name", name), cell("score", `${score}`));
  /** @type {HTMLElement} */ (row.children[1]).style.backgroundColor = colourOf(seat);
  return row;
}

/** @param {string} kind @param {string} text */
function cell(kind, text) {
  const span = document.createElement("span");
  span.className = kind;
  span.textContent = text;
  return span;
}
