// @ts-check
/** A card's face in SVG: rank and suit in two corners, the suit large in the middle. */

import { rankOf, suitOf } from "./cards.js";
import { HEAD_PATHS, RANK_PATHS, SUIT_PATHS } from "./glyphs.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...SVGElement} children
 * @returns {SVGElement}
 */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** @param {number} card @param {string} suits the table's order */
export function face(card, suits) {
  const [rank, suit] = [rankOf(card), suitOf(card, suits)];
  const turned = draw("g", { transform: "translate(100 140) rotate(180) scale(.56) translate(4 5)" }, ...corner(rank, suit));
  return draw(
    "svg",
    { viewBox: "0 0 100 140", class: `face suit-${suit}`, "aria-hidden": "true" },
    draw("rect", { class: "paper", x: 0.5, y: 0.5, width: 99, height: 139, rx: 9 }),
    ...middle(rank, suit),
    ...corner(rank, suit),
    turned,
  );
}

/** A narrow one for rows of many cards: the corner alone. @param {number} card @param {string} suits */
export function smallFace(card, suits) {
  const [rank, suit] = [rankOf(card), suitOf(card, suits)];
  return draw(
    "svg",
    { viewBox: "0 0 46 86", class: `face small suit-${suit}`, "aria-hidden": "true" },
    draw("rect", { class: "paper", x: 0.5, y: 0.5, width: 45, height: 85, rx: 7 }),
    ...corner(rank, suit),
  );
}

/** A suit alone. @param {string} suit */
export function pip(suit) {
  return draw("svg", { viewBox: "0 0 100 100", class: `pip suit-${suit}`, "aria-hidden": "true" }, shape(suit, 0, 0, 100));
}

/** @param {string} rank @param {string} suit */
function corner(rank, suit) {
  const letter = draw("path", { class: "rank", d: RANK_PATHS[rank], transform: "translate(8 9) scale(.5)" });
  return [letter, shape(suit, 11, 52, 24)];
}

/** @param {string} rank @param {string} suit */
function middle(rank, suit) {
  const large = shape(suit, 28, 72, 48);
  if (rank === "2") return [draw("rect", { class: "frame", x: 5, y: 5, width: 90, height: 130, rx: 6 }), large];
  if (rank === "A") return [shape(suit, 24, 70, 56)];
  return rank in HEAD_PATHS ? [head(rank), large] : [large];
}

/** @param {string} rank */
function head(rank) {
  return draw("path", { class: "head", d: HEAD_PATHS[rank], transform: "translate(45 16) scale(.44)" });
}

/** @param {string} suit @param {number} x @param {number} y @param {number} size */
function shape(suit, x, y, size) {
  const transform = `translate(${x} ${y}) scale(${size / 100})`;
  return draw("path", { class: "shape", d: SUIT_PATHS[suit], transform });
}
