// @ts-check
/** A hand of cards, as the poster shows it. */

import { SUITS } from "../bigtwo/cards.js";
import { face } from "../bigtwo/face.js";

const HAND = [0, 30, 41, 46, 51]; // from the three of diamonds, the lowest card, to the two of spades

/** @param {HTMLElement} where */
export function showFan(where) {
  where.replaceChildren(...HAND.map((card) => face(card, SUITS)));
}
