// @ts-check
/** Players, places and moments, in words for people. */

import { LEVELS } from "../bigtwo/options.js";

const BOT = "bot:";
const DAY = { day: "numeric", month: "short" };
const TIME = { hour: "2-digit", minute: "2-digit" };

/** @param {string} player @returns {boolean} whether it is no person, but bots of a grade */
export function isBot(player) {
  return player.startsWith(BOT);
}

/** @param {{player: string, name: string}} who @param {string} [game] @returns {string} */
export function nameOf({ player, name }, game) {
  if (!isBot(player)) return name;
  const grade = player.slice(BOT.length);
  const told = grade === "usual" ? "bots" : ((game === "bigtwo" && LEVELS[grade]) || `${grade} bots`);
  return told.charAt(0).toUpperCase() + told.slice(1);
}

/** @param {number} place @returns {string} */
export function placeInWords(place) {
  const teen = place % 100 > 10 && place % 100 < 14;
  return `${place}${(!teen && ["", "st", "nd", "rd"][place % 10]) || "th"}`;
}

/** @param {number} at seconds since 1970 @param {Date} [now] */
export function momentInWords(at, now = new Date()) {
  const then = new Date(at * 1000);
  const year = then.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  const format = /** @type {Intl.DateTimeFormatOptions} */ ({ ...DAY, ...year, ...TIME });
  return new Intl.DateTimeFormat("en-GB", format).format(then);
}
