// @ts-check
/** The colours of a rink at night; hockey.css has the same for what is not canvas. */

export const NIGHT = "#0a171b";
export const ICE = "#173f4b";
export const ICE_EDGE = "#0e2831";
export const CHALK = "#f6eedc";
export const RIM = "#2b4b54";

/** By seat, told apart by how light they are as well. */
const SEATS = ["#ff8163", "#6cc7ff", "#ffd45c", "#86e59b"];

/** A seat has its colour in every window. @param {number | null} seat */
export function colourOf(seat) {
  return SEATS[seat ?? -1] ?? CHALK;
}

/** A colour that lets something through. @param {string} hex @param {number} part 0 to 1 */
export function faded(hex, part) {
  const alpha = Math.round(255 * Math.max(0, Math.min(1, part)));
  return `${hex}${alpha.toString(16).padStart(2, "0")}`;
}
