// @ts-check
/** What the server says of games and rooms, in words for people. */

import { optionsInWords } from "../bigtwo/options.js";

/** @typedef {import("../gamesrv.js").RoomInfo} RoomInfo */
/** @typedef {import("../gamesrv.js").GameInfo} GameInfo */

/** @param {Pick<RoomInfo, "game" | "options">} info @returns {string} */
export function rulesInWords({ game, options }) {
  const told = game === "bigtwo" ? optionsInWords(options) : Object.entries(options).map(anyOption);
  return told.join(", ");
}

/** @param {[string, any]} option */
function anyOption([name, value]) {
  if (typeof value === "boolean") return value ? plain(name) : `no ${plain(name)}`;
  return `${plain(name)} ${plain(value)}`;
}

/** @param {any} word */
function plain(word) {
  return String(word).replaceAll("_", " ");
}

/** @param {Pick<RoomInfo, "names" | "players">} info @returns {string} */
export function peopleInWords({ names, players }) {
  const more = players - names.length;
  const all = more > 0 ? [...names, `${more} more`] : names;
  if (all.length === 0) return "Nobody yet";
  return all.length === 1 ? all[0] : `${all.slice(0, -1).join(", ")} and ${all[all.length - 1]}`;
}

/** @param {Pick<RoomInfo, "state" | "players" | "seats" | "open">} info @returns {string} */
export function stateInWords({ state, players, seats, open }) {
  if (state === "waiting") return players < seats ? `waiting for ${seats - players} more` : "about to begin";
  if (state === "over") return "between two games";
  return open ? "in play, with room for you" : "in play";
}

/** @param {string} id of a room @param {string} game @param {Record<string, GameInfo>} games */
export function roomInWords(id, game, games) {
  const title = titleOf(game, games);
  return id.startsWith(`${game}-`) ? `${title} ${id.slice(game.length + 1)}` : `${title}, ${id}`;
}

/** @param {string} game @param {Record<string, GameInfo>} games */
export function titleOf(game, games) {
  const title = games[game]?.title ?? game;
  return title.charAt(0).toUpperCase() + title.slice(1);
}

/** @param {[number, number]} seats @returns {string} */
export function seatsInWords([fewest, most]) {
  return fewest === most ? `${most} play` : `${fewest} to ${most} play`;
}

/** What went wrong, for people to read. @param {string} message */
export function sentence(message) {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? "" : "."}`;
}
