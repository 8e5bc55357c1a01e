// @ts-check
/** The colours of a painted street court; style.css has the same for what is not canvas. */

export const CHALK = "#f6eedc";
export const INK = "#10292d";
export const SURROUND = "#cf6a43";
export const RUNOFF_COLOUR = "#bd5a36";
export const FLOOR = "#1c5f64";
export const FLOOR_LIGHT = "#236c70";
export const FLOOR_DARK = "#17535a";

const PLAYERS = [
  "#ffb84d",
  "#ff8a73",
  "#8fd3ff",
  "#b9e769",
  "#f7a8d8",
  "#7ee081",
  "#6fe0c3",
  "#d5b3ff",
  "#ffe27a",
  "#ff9fb0",
  "#9db9ff",
  "#e8a36a",
];

/** A seat has its colour in every window. @param {string | number} seat */
export function colourOf(seat) {
  return PLAYERS[Number(seat) % PLAYERS.length] ?? CHALK;
}

/** @typedef {{light: string, dark: string, points: number, sharp: number}} GemLook */

/**
 * @type {[number, GemLook][]} from the dearest down; the shapes differ too, not every eye tells colours apart
 */
const GEMS = [
  [5, { light: "#ff9ac0", dark: "#f2467f", points: 5, sharp: 0.5 }],
  [3, { light: "#ffb98a", dark: "#fb7f3b", points: 6, sharp: 1 }],
  [0, { light: "#fff0ad", dark: "#f8cf45", points: 4, sharp: 1 }],
];

/** @param {number} worth @returns {GemLook} */
export function gemLook(worth) {
  return (GEMS.find(([least]) => worth >= least) ?? GEMS[GEMS.length - 1])[1];
}
