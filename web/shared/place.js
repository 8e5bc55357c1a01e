// @ts-check
/** Which page shows a game, and how its address names a room. */

/** @typedef {{room?: string, watch?: string}} Place a room to sit in, or to look on; neither: any */

/** @type {Record<string, string>} */
const PAGES = { arena: "arena.html", world: "arena.html?game=world", bigtwo: "bigtwo.html", hockey: "hockey.html" };

/** @param {string} game @returns {boolean} */
export function hasPage(game) {
  return Object.hasOwn(PAGES, game);
}

/** @param {string} game one that has a page @param {Place} [place] */
export function addressOf(game, { room, watch } = {}) {
  if (watch) return `${PAGES[game]}#watch=${encodeURIComponent(watch)}`;
  return room ? `${PAGES[game]}#${encodeURIComponent(room)}` : PAGES[game];
}

/** @param {string} replay its id @param {number | null} [seat] whose eyes to see it with; none: all is open */
export function replayAddress(replay, seat = null) {
  return `replay.html?game=${replay}${seat === null ? "" : `&seat=${seat}`}`;
}

/** @param {string} hash of an address @returns {Place} */
export function placeIn(hash) {
  const [, watches, id] = /^#(watch=)?(.+)$/.exec(hash) ?? [];
  if (!id) return {};
  return watches ? { watch: decoded(id) } : { room: decoded(id) };
}

/** @param {string} text what a browser may have cut anywhere */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
