// @ts-check
/** The leaders of one game, and the way to those of others. */

import { make } from "../bigtwo/dom.js";
import { titleOf } from "../lobby/words.js";
import { isBot, nameOf } from "./words.js";

/** @typedef {import("./answers.js").Leaderboard} Leaderboard */
/** @typedef {import("./answers.js").Ranked} Ranked */

/**
 * @param {HTMLElement} sheet
 * @param {Leaderboard} board
 * @param {Leaderboard[]} boards all there are
 * @param {string | undefined} me the player whose browser this is
 */
export function showBoard(sheet, board, boards, me) {
  const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (sheet.querySelector(selector));
  const { game, players } = board;
  part("#games").replaceChildren(...boards.map((each) => tab(each, each === board)));
  part("caption").textContent = `The leaders at ${title(board)}`;
  part("tbody").replaceChildren(...players.map((each) => row(each, game, each.player === me)));
  part("table").hidden = players.length === 0;
  part(".nobody").hidden = players.length > 0;
}

/** @param {Leaderboard} board */
function title({ game, title: name }) {
  return titleOf(game, { [game]: { title: name, seats: [0, 0] } });
}

/** @param {Leaderboard} board @param {boolean} chosen */
function tab(board, chosen) {
  const href = `#game=${encodeURIComponent(board.game)}`;
  return make("a", { href, "aria-current": chosen && "page" }, title(board));
}

/** @param {Ranked} ranked @param {string} game @param {boolean} isMe */
function row(ranked, game, isMe) {
  const { place, player, rating, played } = ranked;
  const name = make("a", { href: `#player=${encodeURIComponent(player)}` }, nameOf(ranked, game));
  const kinds = [isMe && "me", isBot(player) && "bots", place <= 3 && "best"].filter(Boolean);
  return make(
    "tr",
    { class: kinds.join(" ") },
    make("td", {}, String(place)),
    make("th", { scope: "row" }, name, ...(isMe ? [" ", make("span", { class: "you" }, "you")] : [])),
    make("td", {}, String(rating)),
    make("td", {}, String(played)),
  );
}
