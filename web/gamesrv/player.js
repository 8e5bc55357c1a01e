// @ts-check
/** Which player this browser is, in whatever session: what the server told it once, and finds results by. */

/** @typedef {{player?: string, key?: string}} Player the key is a secret */

/** @param {string} url of the server @returns {Player} */
export function recallPlayer(url) {
  try {
    return JSON.parse(localStorage.getItem(placeOf(url)) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {string} url @param {Player} player */
export function rememberPlayer(url, player) {
  try {
    localStorage.setItem(placeOf(url), JSON.stringify(player));
  } catch {
    // Where storage is barred, each session is another player.
  }
}

/** @param {string} url */
function placeOf(url) {
  return `gamesrv player ${url}`;
}
