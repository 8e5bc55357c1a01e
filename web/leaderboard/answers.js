// @ts-check
/** What `/api` is asked, and what it answers: `docs/api.md`. */

/** @typedef {{rating: number, mu: number, sigma: number, played: number}} Rating */
/** @typedef {{place: number, player: string, name: string} & Rating} Ranked */
/** @typedef {{game: string, title: string, players: Ranked[]}} Leaderboard */
/** @typedef {{player: string, seat: number, name: string, place: number}} Standing */
/** @typedef {{number: number, journal: string, game: string, at: number, standings: Standing[]}} Result */
/** @typedef {{player: string, name: string, ratings: ({game: string} & Rating)[], results: Result[]}} Player */

/**
 * Rejects with what the server says, where it says no.
 * @param {string} what
 * @returns {Promise<any>}
 */
export async function ask(what) {
  const answer = await fetch(`api/${what}`).catch(() => null);
  if (!answer) throw new Error("the server does not answer: try again later");
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.message ?? `the server has no answer (${answer.status})`);
  return told;
}
