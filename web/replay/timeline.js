// @ts-check
/**
 * When each step of a game is seen, and where one is. Time here is seconds of watching: those of the game, but
 * for long waits, which are cut short.
 */

const LONGEST = 2; // s between two steps
const END = 1; // s that the last one is seen

export class Timeline {
  /** Seconds of watching. */ position = 0;
  /** The step that is seen. */ index = 0;
  playing = false;
  speed = 1;
  /** @type {number[]} when each step is seen */ #at = [0];

  /**
   * @param {number[]} ticks of the steps
   * @param {number} rate ticks per second
   * @param {(index: number) => number} least seconds that a step is to be seen
   */
  constructor(ticks, rate, least) {
    this.ticks = ticks;
    this.rate = rate;
    for (let index = 1; index < ticks.length; index += 1) {
      const wait = (ticks[index] - ticks[index - 1]) / rate;
      this.#at.push(this.#at[index - 1] + Math.max(Math.min(wait, LONGEST), least(index - 1)));
    }
  }

  /** How long it all takes. */
  get length() {
    return (this.#at.at(-1) ?? 0) + END;
  }

  get ended() {
    return this.position >= this.length;
  }

  /** When a step is seen. @param {number} index */
  at(index) {
    return this.#at[index];
  }

  /** The game's own time. */
  get tick() {
    const [from, to] = [this.ticks[this.index], this.ticks[this.index + 1]];
    if (to === undefined) return from;
    const [start, end] = [this.at(this.index), this.at(this.index + 1)];
    return end > start ? from + ((to - from) * (this.position - start)) / (end - start) : from;
  }

  /** Goes to a time of the game. @param {number} tick */
  seekTick(tick) {
    const index = lastUpTo(this.ticks, tick);
    const whole = this.ticks[index + 1] - this.ticks[index];
    const part = whole > 0 ? (tick - this.ticks[index]) / whole : 0;
    const next = this.at(index + 1) ?? this.at(index);
    this.seek(this.at(index) + Math.min(1, Math.max(0, part)) * (next - this.at(index)));
  }

  /** @param {number} position */
  seek(position) {
    this.position = Math.min(this.length, Math.max(0, position));
    this.index = lastUpTo(this.#at, this.position);
  }

  /** To the step before, or the next. @param {number} steps */
  move(steps) {
    const index = Math.min(this.ticks.length - 1, Math.max(0, this.index + steps));
    this.index = index;
    this.position = this.at(index);
  }

  /** Time passes. @param {number} seconds @returns {number[]} the steps that are seen meanwhile */
  advance(seconds) {
    const seen = [];
    this.position = Math.min(this.length, this.position + seconds * this.speed);
    while (this.at(this.index + 1) <= this.position) seen.push((this.index += 1));
    return seen;
  }
}

/** @param {number[]} rising @param {number} most @returns {number} of the last that is not more, or 0 */
function lastUpTo(rising, most) {
  return Math.max(0, rising.findLastIndex((value) => value <= most + 1e-9));
}
