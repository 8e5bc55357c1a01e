// @ts-check
/** What the table says in words, on the screen and to those who listen. */

import { spoken, written } from "./cards.js";

/** @typedef {import("../gamesrv.js").Room} Room */
/** @typedef {import("../gamesrv.js").GameEvent} GameEvent */
/** @typedef {Record<string, any>} Plain */

/** @type {Record<string, string>} */
const KINDS = {
  single: "single",
  pair: "pair",
  triple: "triple",
  two_pairs: "two pairs",
  four: "four of a kind",
  straight: "straight",
  flush: "flush",
  full_house: "full house",
  four_and_one: "four and one",
  straight_flush: "straight flush",
};

/** @type {Record<string, string>} */
const REASONS = {
  not_your_turn: "It is not your turn yet.",
  not_held: "You don’t hold all of these cards.",
  not_a_combination: "These cards make no play together.",
  wrong_kind: "Here only the same kind may answer.",
  not_higher: "That does not beat what lies there.",
  leader_cannot_pass: "You lead: play something.",
  game_over: "The deal is over.",
  duplicate_card: "A card is in it twice.",
  rate_limited: "Not so fast.",
  session_lost: "The connection was away for too long.",
};

/** @param {string} kind of a play @returns {string} */
export function kindName(kind) {
  return KINDS[kind] ?? "";
}

/** Why not, as a sentence. @param {string} code @param {Room} room @param {string} [message] the server's own words */
export function reason(code, { view, mine }, message) {
  if (code === "must_include_first_card" && mine.need !== undefined)
    return `The first play must have the ${written(mine.need, view.table?.suits)} in it.`;
  if (code === "wrong_size") return `Here it takes ${counted(view.laid[view.owner].length, "card")}.`;
  return REASONS[code] ?? sentence(message || code.replaceAll("_", " "));
}

const BOT = " (bot)";

/** @param {string} name */
export function isBot(name) {
  return name.endsWith(BOT);
}

/** A name without the mark of a bot. @param {string} name */
export function plainName(name) {
  return isBot(name) ? name.slice(0, -BOT.length) : name;
}

/** Who plays there or, when the game is over, played: they may have left since. @param {Room} room @param {number} seat */
export function nameOf({ view, players }, seat) {
  return plainName(view.names?.[seat] || players[seat]?.name || `Seat ${seat + 1}`);
}

/**
 * What goes on, for one who looks at the table.
 * @param {Room} room
 * @param {(cards: number[]) => string} kindOf
 * @param {boolean} stuck one's turn, and nothing to play
 */
export function situation(room, kindOf, stuck) {
  const { view, seat } = room;
  if (view.turn === seat) return ownTurn(room, kindOf, stuck);
  const name = nameOf(room, view.turn);
  return view.to_beat ? `${name}’s turn` : `${name} leads`;
}

/** @param {Room} room @param {(cards: number[]) => string} kindOf @param {boolean} stuck */
function ownTurn(room, kindOf, stuck) {
  const { view, mine } = room;
  if (mine.need !== undefined) return `You lead, with the ${written(mine.need, view.table.suits)} in it`;
  if (!view.to_beat) return "You lead: play anything";
  if (stuck) return "You can’t beat this";
  const kind = kindName(kindOf(view.laid[view.owner] ?? []));
  return `Your turn: beat ${nameOf(room, view.owner)}’s ${kind || "play"}`;
}

/** An event of the game, for those who listen. @param {Room} room @param {GameEvent} event @returns {string} */
export function told(room, { name, data }) {
  const who = data.seat === room.seat ? "You" : nameOf(room, data.seat);
  if (name === "played") return `${who}: ${playInWords(room, data)}.`;
  if (name === "passed") return `${who}: pass.`;
  if (name === "trick_won") return `${who}: trick won, and the lead.`;
  if (name === "dealt") return `Deal ${data.deal}. ${nameOf(room, data.leader)} leads.`;
  if (name === "out") return `${who}: out of cards.`;
  return name === "deal_over" ? `The deal is over. ${scoresInWords(room, data.scores)}` : "";
}

/** @param {Room} room @param {Plain} data */
function playInWords(room, { cards, kind, left }) {
  const suits = room.view.table?.suits;
  const names = cards.map((/** @type {number} */ card) => spoken(card, suits)).join(", ");
  const what = kind === "single" ? names : `${kindName(kind)}, ${names}`;
  return `${what}; ${left} left`;
}

/** @param {Room} room @param {number[]} scores */
function scoresInWords(room, scores) {
  return scores.map((score, seat) => `${nameOf(room, seat)} ${signed(score)}`).join(", ");
}

/** @param {number} score */
export function signed(score) {
  return score > 0 ? `+${score}` : score < 0 ? `−${-score}` : "0";
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** What is high and what is low. @param {string} [suits] */
export function ranksInWords(suits = "SHCD") {
  const symbols = [0, 1, 2, 3].map((suit) => written(3 - suit, suits).slice(1));
  return `The 2 is high, then A K Q J 10 … down to 3. Suits from high to low: ${symbols.join(" ")}.`;
}

/** The server's own words, as people write. @param {string} message */
export function sentence(message) {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
