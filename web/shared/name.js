// @ts-check
/** The name one goes by on this device, whichever game it is. */

/** What those are called who have not said their name: they may look on, and nothing else. */
export const GUEST = "Guest";

const KEY = "gamesrv name";
const OLD_KEY = "arena name"; // where the arena alone kept it

/** @returns {string} empty where none is known */
export function recallName() {
  try {
    return localStorage.getItem(KEY) ?? localStorage.getItem(OLD_KEY) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} name */
export function rememberName(name) {
  try {
    localStorage.setItem(KEY, name);
    localStorage.removeItem(OLD_KEY);
  } catch {
    // Where storage is barred, the name is typed again.
  }
}
