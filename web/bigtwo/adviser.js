// @ts-check
/**
 * What may be played, asked of the judge in the page. Until there is one, or where it fails, everything may be
 * tried: the server judges anyway.
 */

/** @typedef {import("../gamesrv.js").Room} Room */
/** @typedef {Awaited<ReturnType<typeof import("./judge.js").openJudge>>} Judge */

export class Adviser {
  /** @type {Judge | null} */ #judge = null;
  /** @type {Promise<void> | null} */ #opening = null;
  #seen = "";
  /** All plays that are legal now, the weakest first; null where nobody knows. @type {number[][] | null} */
  legal = null;

  /** @param {() => void} onReady the judge is there: ask again */
  constructor(onReady) {
    this.onReady = onReady;
  }

  /** The rules are fetched for those who play, when they do. */
  async #open() {
    try {
      const { openJudge } = await import("./judge.js");
      this.#judge = await openJudge();
    } catch (error) {
      return console.warn("Big Two:", error);
    }
    this.onReady();
  }

  /** Whether it is one's turn, and there is nothing to play. */
  get stuck() {
    return this.legal?.length === 0;
  }

  /** @param {Room} room */
  look(room) {
    this.#opening ??= this.#open();
    const { view, mine, seat } = room;
    const { turn, to_beat, deal, table } = view;
    const seen = JSON.stringify([room.id, room.state, deal, turn, to_beat, mine.need, mine.hand, seat]);
    if (!this.#judge || !table || seen === this.#seen) return;
    this.#seen = seen;
    const { legal } = this.#ask((judge) => judge.look(view, mine, seat)) ?? { legal: null };
    this.legal = turn === seat && room.state === "playing" ? legal : null;
  }

  /** "ok", or why these may not be played. @param {Room} room @param {number[]} cards */
  check({ view, seat }, cards) {
    if (view.stage !== "play") return "game_over";
    if (view.turn !== seat) return "not_your_turn";
    return this.#ask((judge) => judge.check(cards)) ?? "ok";
  }

  /** The kind of play, empty where nobody knows. @param {number[]} cards */
  kind(cards) {
    return (cards.length && this.#ask((judge) => judge.kind(cards))) || "";
  }

  /**
   * A judge that breaks down is not asked again.
   * @template T
   * @param {(judge: Judge) => T} question
   * @returns {T | null}
   */
  #ask(question) {
    try {
      return this.#judge && question(this.#judge);
    } catch (error) {
      this.#judge = null;
      this.legal = null;
      reportError(error);
      return null;
    }
  }
}
