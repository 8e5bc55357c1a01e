// @ts-check
/** A browser knows some things about a connection before a time-out does. */

/**
 * @param {{doubted: () => void, leaving: () => void}} handlers `doubted`: something has changed; `leaving`:
 *   the page goes away
 * @returns {AbortController} to listen no more
 */
export function listenToBrowser({ doubted, leaving }) {
  const listening = new AbortController();
  const { signal } = listening;
  const seen = () => void (document.visibilityState === "visible" && doubted());
  addEventListener("online", doubted, { signal });
  addEventListener("offline", doubted, { signal });
  addEventListener("pagehide", leaving, { signal });
  document.addEventListener("visibilitychange", seen, { signal });
  return listening;
}
