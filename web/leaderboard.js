// @ts-check
/** The leaders of each game, and at `#player=ID` one player's games. */

import { element } from "./bigtwo/dom.js";
import { playerHere } from "./gamesrv.js";
import { ask } from "./leaderboard/answers.js";
import { showBoard } from "./leaderboard/board.js";
import { History } from "./leaderboard/history.js";
import { sentence } from "./lobby/words.js";

/** @typedef {import("./leaderboard/answers.js").Leaderboard} Leaderboard */

const history = new History(element("player"));
/** @type {Leaderboard[]} */ let boards = [];
let shown = 0; // what was asked for last is what is shown, whichever answer comes first

/** @param {string} name of what stands behind the `#` @returns {string} empty where it does not */
function wanted(name) {
  return new URLSearchParams(location.hash.slice(1)).get(name) ?? "";
}

async function show() {
  const turn = ++shown;
  const player = wanted("player");
  try {
    const told = await (player ? ask(`players/${encodeURIComponent(player)}`) : ask("leaderboard?most=100"));
    if (turn !== shown) return;
    say("");
    if (player) history.show(told, await titles());
    else showBoards(told.leaderboards);
    element("player").hidden = !player;
    element("board").hidden = Boolean(player) || boards.length === 0;
  } catch (error) {
    if (turn === shown) giveUp(/** @type {Error} */ (error));
  }
}

/** @param {Leaderboard[]} told */
function showBoards(told) {
  boards = told;
  if (boards.length === 0) return say("No game that is played here keeps score.");
  const chosen = boards.find(({ game }) => game === wanted("game")) ?? boards[0];
  showBoard(element("board"), chosen, boards, playerHere());
}

/** What people call the games. @returns {Promise<Record<string, string>>} */
async function titles() {
  if (boards.length === 0) boards = (await ask("leaderboard?most=1")).leaderboards;
  return Object.fromEntries(boards.map(({ game, title }) => [game, title]));
}

/** @param {Error} error */
function giveUp(error) {
  element("player").hidden = element("board").hidden = true;
  say(sentence(error.message));
}

/** @param {string} text empty for nothing */
function say(text) {
  element("trouble").hidden = !text;
  element("trouble").textContent = text;
}

addEventListener("hashchange", () => {
  scrollTo(0, 0);
  show();
});
show();
