// @ts-check
/**
 * Numbers what one holds: input n should reach the server a little before it fixes tick n. How long inputs waited
 * there is all that is known; by that the clock runs a little faster or slower, or jumps.
 */

const MARGIN = 1.5; // ticks that inputs should wait at least
const SLACK = 0.5; // ticks around that, within which all is well
const SLEW = 0.02; // how much faster or slower
const JUMP = 4; // ticks off, from which it jumps
const REMEMBERED = 90; // waits, about 3 s of them
const ENOUGH = 3; // waits, to judge by
const UNLUCKY = 0.04; // the part of the waits that may be shorter: one lost packet is no reason to play later
const MOST_AT_ONCE = 12; // inputs; where the page has slept, those of the time between are skipped
const MOST_AHEAD = 100; // ticks ahead of the newest frame: the server takes 120
const SILENCE = 1500; // ms without a word on inputs, after which it begins anew

export class InputClock {
  /** the number of the next input */ next = 0;
  /** 1, or a little more or less */ speed = 1;

  #rate;
  #owed = 0; // inputs due, and the part of the next one
  /** @type {number | null} ms */ #now = null;
  #slewed = 0; // ticks gained by running faster
  /** @type {number[]} ticks, less what was gained by then */ #waits = [];
  /** the first input by the clock as it stands now: what was said before tells nothing about it */ #since = 0;
  /** @type {number | null} ms; when inputs were last told of */ #told = null;

  /** @param {number} rate ticks per second */
  constructor(rate) {
    this.#rate = rate;
  }

  /** Begins anew. @param {number} tick the newest that is known @param {number} latency ms there and back */
  start(tick, latency) {
    this.next = this.#since = tick + 2 + Math.round((latency * this.#rate) / 1000);
    this.speed = 1;
    this.#owed = this.#slewed = 0;
    this.#now = this.#told = null;
    this.#waits = [];
  }

  /**
   * How many inputs are due by now: those from `next` on, which moves past them.
   * @param {number} now ms
   * @returns {number}
   */
  advance(now) {
    const ticks = ((now - (this.#now ?? now)) * this.#rate) / 1000;
    this.#now = now;
    this.#owed += ticks * this.speed;
    this.#slewed += ticks * (this.speed - 1);
    const due = Math.max(0, Math.floor(this.#owed));
    this.#owed -= due;
    this.next += due;
    return Math.min(due, MOST_AT_ONCE);
  }

  /**
   * The server has told how its inputs fare.
   * @param {number | null} wait ms, the least; null: it has none
   * @param {number} ack the newest input that it has, or needs no more
   * @param {number} newest tick of a frame
   * @param {number} latency ms
   * @param {number} now ms
   */
  heard(wait, ack, newest, latency, now) {
    this.#told = wait === null ? (this.#told ?? now) : now;
    if (now - this.#told > SILENCE || this.next > newest + MOST_AHEAD) this.start(newest, latency);
    else if (wait !== null && ack >= this.#since) this.#learn((wait * this.#rate) / 1000);
  }

  /** @param {number} wait ticks */
  #learn(wait) {
    this.#waits.push(wait - this.#slewed);
    if (this.#waits.length > REMEMBERED) this.#waits.shift();
    if (this.#waits.length < ENOUGH) return;
    const waits = [...this.#waits].sort((one, other) => one - other);
    const off = waits[Math.floor(waits.length * UNLUCKY)] + this.#slewed - MARGIN;
    this.speed = Math.abs(off) <= SLACK ? 1 : 1 - SLEW * Math.sign(off);
    if (Math.abs(off) > JUMP) this.#jump(-Math.round(off));
  }

  /** Says some at once, or none for a while. @param {number} ticks ahead, or back */
  #jump(ticks) {
    this.#owed += ticks;
    this.#since = this.next + Math.max(0, ticks);
    this.speed = 1;
    this.#waits = [];
  }
}
