// @ts-check
/** The page's address names a table, so that a reload or a copied address leads back to it. */

import { addressOf } from "../shared/place.js";

/** @typedef {import("../shared/place.js").Place} Place */

const GAME = "bigtwo";

/** From now on the address leads to this place. @param {Place} place */
export function writeAddress(place) {
  history.replaceState(null, "", new URL(addressOf(GAME, place), document.baseURI));
}

/** What one gives to friends. @param {string} room */
export function shareLink(room) {
  return new URL(addressOf(GAME, { room }), document.baseURI).href;
}

/** Codes are read in any case, with or without dashes. @param {string} one @param {string} other */
export function sameRoom(one, other) {
  const plain = (/** @type {string} */ id) => id.toLowerCase().replaceAll("-", "");
  return plain(one) === plain(other);
}
