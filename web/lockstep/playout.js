// @ts-check
/**
 * When to show which tick. Frames come in bursts; the playhead moves evenly a little behind the newest one, just
 * far enough that it rarely has to wait.
 */

const LEAST = 1.6; // ticks behind, on average: frames come in twos
const FIRST = 2.5;
const MOST = 12;
const MORE = 0.7; // ticks more, each time that it had to wait
const LESS = 0.15; // ticks per second less, while it has not
const PULL = 0.06; // of the speed, per tick that it is off
const MOST_PULL = 0.2;
const HURRY = 8; // ticks off, from which it goes as fast as it may
export const MOST_STEPS = 4; // per drawn frame

export class Playout {
  /** the playhead: between this tick, rounded down, and the next */ at = 0;
  /** ticks that it wants to be behind */ want = FIRST;

  #rate;
  /** @type {number | null} ms */ #now = null;
  #waits = false;
  #holds = true; // at first, until there is enough to go on with

  /** @param {number} rate ticks per second */
  constructor(rate) {
    this.#rate = rate;
  }

  /** @param {number} tick what is there to see */
  start(tick) {
    this.at = tick;
    this.#now = null;
    this.#waits = this.#holds = true;
  }

  /**
   * Moves the playhead on, by so much that no more than `MOST_STEPS` ticks begin.
   * @param {number} newest the newest tick there is
   * @param {number} now ms
   * @returns {number} `at`
   */
  advance(newest, now) {
    const seconds = Math.min(0.25, (now - (this.#now ?? now)) / 1000);
    this.#now = now;
    this.#holds &&= newest - this.at < this.want;
    if (this.#holds) return this.at;
    const farthest = Math.ceil(this.at) + MOST_STEPS;
    const off = newest - this.at - this.want;
    const pull = Math.max(-MOST_PULL, Math.min(MOST_PULL, off * PULL));
    const to = off > HURRY ? farthest : this.at + seconds * this.#rate * (1 + pull);
    this.#adapt(to > newest, seconds);
    this.at = Math.min(to, newest, farthest);
    return this.at;
  }

  /** @param {boolean} starved @param {number} seconds */
  #adapt(starved, seconds) {
    if (starved && !this.#waits) this.want = Math.min(MOST, this.want + MORE);
    if (!starved) this.want = Math.max(LEAST, this.want - LESS * seconds);
    this.#waits = starved;
  }
}
