// @ts-check
/** Cards as the server counts them: `4 * rank + suit`, the suit by its strength at this table. */

/** @typedef {"S" | "H" | "C" | "D"} Suit */

export const RANKS = "3456789TJQKA2";
export const SUITS = "SHCD"; // high to low, where a table does not say otherwise

const RANK_NAMES = "three four five six seven eight nine ten jack queen king ace two".split(" ");
/** @type {Record<string, string>} */
const SUIT_NAMES = { S: "spades", H: "hearts", C: "clubs", D: "diamonds" };
/** @type {Record<string, string>} */
const SYMBOLS = { S: "♠", H: "♥", C: "♣", D: "♦" };

/** @param {number} card */
export function rankOf(card) {
  return RANKS[card >> 2];
}

/** @param {number} card @param {string} suits the table's order, high to low @returns {Suit} */
export function suitOf(card, suits = SUITS) {
  return /** @type {Suit} */ (suits[3 - (card & 3)]);
}

/** For people who listen: "nine of spades". @param {number} card @param {string} [suits] */
export function spoken(card, suits) {
  return `${RANK_NAMES[card >> 2]} of ${SUIT_NAMES[suitOf(card, suits)]}`;
}

/** For people who read: "9♠". @param {number} card @param {string} [suits] */
export function written(card, suits) {
  return rankOf(card).replace("T", "10") + SYMBOLS[suitOf(card, suits)];
}

/** @typedef {"rank" | "suit"} Order */

/** The weakest first; by suit, the suits lie together. @param {number[]} cards @param {Order} order */
export function sorted(cards, order) {
  const worth = (/** @type {number} */ card) => (order === "suit" ? (card & 3) * 13 + (card >> 2) : card);
  return [...cards].sort((a, b) => worth(a) - worth(b));
}

/** @param {number[]} some @param {number[]} others */
export function same(some, others) {
  return some.length === others.length && some.every((card) => others.includes(card));
}
