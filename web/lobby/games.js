// @ts-check
/** What is played on this server: a poster where there is a page for it, else how to get there without. */

import { element, make } from "../bigtwo/dom.js";
import { hasPage } from "../shared/place.js";
import { seatsInWords, titleOf } from "./words.js";

/** @typedef {import("../gamesrv.js").GameInfo} GameInfo */

/** @param {Record<string, GameInfo>} games */
export function showGames(games) {
  for (const poster of document.querySelectorAll(".poster")) showPoster(poster, games[poster.id]);
  const others = Object.keys(games).filter((game) => !hasPage(game));
  element("elsewhere").hidden = others.length === 0;
  element("elsewhere")
    .querySelector("ul")
    .replaceChildren(...others.map((game) => otherGame(game, games)));
}

/** @param {Element} poster @param {GameInfo | undefined} game */
function showPoster(poster, game) {
  poster.toggleAttribute("hidden", !game);
  const seats = poster.querySelector(".seats-told");
  if (game && seats) seats.textContent = seatsInWords(game.seats);
}

/** @param {string} game @param {Record<string, GameInfo>} games */
function otherGame(game, games) {
  const title = make("b", {}, titleOf(game, games));
  const told = `, ${seatsInWords(games[game].seats)}. It has no page here; over telnet (port 4023, if it was left as it comes):`;
  return make("li", {}, make("p", {}, title, told), make("pre", {}, `join ${game}`));
}
