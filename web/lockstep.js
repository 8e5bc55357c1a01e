// @ts-check
/**
 * Drives a lockstep room: says what one holds, tick by tick; steps the simulation by the frames that come, and by
 * nothing else; tells checksums, and its world where the server finds that it is another.
 */

import { InputClock } from "./lockstep/input_clock.js";
import { Playout } from "./lockstep/playout.js";
import { MOST_AHEAD, decodeFrames, encodeSync } from "./lockstep/wire.js";

/** @typedef {import("./gamesrv.js").Room} Room */
/** @typedef {import("./lockstep/simulation.js").Simulation} Simulation */
/** @typedef {import("./lockstep/simulation.js").World} World */
/** @typedef {import("./lockstep/wire.js").Frame} Frame */
/**
 * What it needs of a client; `gamesrv.js` has it.
 * @typedef {object} Wire
 * @property {number | null} latency ms there and back
 * @property {(data: Uint8Array) => void} sendSync
 * @property {(tick: number, world: World) => void} sendDump
 * @property {() => void} resync
 */
/** @typedef {{before: World, after: World, part: number}} Moment to draw: between two worlds, 0 to 1 from the first */

const CHECKED = 8; // worlds kept, should the server ask for them
const MOST_BEHIND = 240; // ticks; whoever has slept longer gets a snapshot instead
const LATENCY = 60; // ms, where it is not known yet

export class Lockstep {
  /** the newest tick of the simulation */ tick = 0;
  /** own ticks that the server had to fill in, since this world came */ late = 0;
  /** @type {number | null} ms that own inputs waited, by the newest word */ wait = null;
  /** steps taken since the page was loaded */ steps = 0;
  /** differences that the server found */ desyncs = 0;
  /** @type {[number, number] | null} the last tick that was checked, and its checksum */ checked = null;
  /** @type {(before: World, after: World) => void} called at each step */ onStep = () => {};

  #wire;
  #simulation;
  #clock = new InputClock(60);
  #playout = new Playout(60);
  /** @type {Room | null} */ #room = null;
  /** @type {{bits: number, seats: number, check: number, run: number}} */
  #info = { bits: 1, seats: 1, check: 30, run: 0 };
  /** @type {Frame[]} those after `tick` */ #frames = [];
  /** @type {number[]} not said yet, the last one for the tick before the clock's next */ #inputs = [];
  /** @type {[number, number][]} not said yet */ #checksums = [];
  /** @type {Map<number, World>} */ #worlds = new Map();
  /** @type {World} */ #before = {};
  /** @type {World} */ #after = {};
  #lateAtFirst = /** @type {number | null} */ (null);
  #stale = false;

  /** @param {Wire} wire @param {Simulation} simulation */
  constructor(wire, simulation) {
    this.#wire = wire;
    this.#simulation = simulation;
  }

  /** Goes on from a snapshot: at first, after a loss, or where the server finds it better. @param {Room} room */
  enter(room) {
    const { rate, tick, view, lockstep } = room;
    if (!lockstep) throw new TypeError(`${room.id} is no lockstep room`);
    if (this.#room?.id !== room.id || this.#room.rate !== rate) {
      this.#clock = new InputClock(rate);
      this.#playout = new Playout(rate);
    }
    this.#room = room;
    this.#info = lockstep;
    this.tick = tick;
    this.#simulation.load(view);
    this.#before = this.#after = view;
    this.#frames = [];
    this.#inputs = [];
    this.#checksums = [];
    this.#worlds.clear();
    this.#lateAtFirst = null;
    this.#stale = false;
    this.#clock.start(tick, this.#latency);
    this.#playout.start(tick);
  }

  /** The newest tick of which the frame is here. */
  get newest() {
    return this.tick + this.#frames.length;
  }

  /** Takes what the server says about the next ticks. @param {Uint8Array} bytes @param {number} now ms */
  take(bytes, now) {
    if (!this.#room) return;
    const { run, ack, wait, late, start, frames } = decodeFrames(bytes, this.#info.bits, this.#info.seats);
    if (run !== this.#info.run || this.#stale) return;
    const known = this.newest + 1 - start;
    if (known >= 0) this.#frames.push(...frames.slice(known));
    this.#lateAtFirst ??= late;
    this.late = (late - this.#lateAtFirst) & 0xffff;
    this.wait = wait ?? this.wait;
    this.#clock.heard(wait, ack, this.newest, this.#latency, now);
  }

  /** The server says that after this tick it had another world. @param {number} tick */
  desync(tick) {
    this.desyncs += 1;
    this.#wire.sendDump(tick, this.#worlds.get(tick) ?? {});
  }

  /**
   * To be called for each drawn frame: says what is held, takes some steps.
   * @param {number} now ms
   * @param {number} held the bits of one's input
   * @returns {Moment}
   */
  advance(now, held) {
    if (this.#room && this.#frames.length > MOST_BEHIND) this.#askAnew();
    this.#say(now, held);
    const at = this.#playout.advance(this.newest, now);
    while (this.tick < at) this.#step();
    return { before: this.#before, after: this.#after, part: Math.min(1, 1 + at - this.tick) };
  }

  /** Says at once that nothing is held: the page is about to sleep, and the server goes by the last word. */
  release() {
    if (!this.#seated) return;
    this.#inputs.push(0);
    this.#clock.next += 1;
    this.#send();
  }

  get #latency() {
    return this.#wire.latency ?? LATENCY;
  }

  /** Those who watch hold nothing. */
  get #seated() {
    return this.#room !== null && this.#room.seat !== null;
  }

  #askAnew() {
    this.#frames = [];
    this.#stale = true;
    this.#wire.resync();
  }

  /** @param {number} now @param {number} held */
  #say(now, held) {
    if (!this.#room || this.#stale) return;
    if (this.#clock.next <= this.newest) this.#clock.start(this.newest, this.#latency);
    const due = this.#seated ? this.#clock.advance(now) : 0;
    for (let made = 0; made < due; made += 1) this.#inputs.push(held);
    const enough = this.#room.rate > 30 ? 2 : 1;
    if (this.#inputs.length >= enough || (!this.#seated && this.#checksums.length)) this.#send();
  }

  /** Inputs for ticks that are over are of no use any more. */
  #send() {
    const ack = this.newest;
    const start = Math.max(this.#clock.next - this.#inputs.length, ack + 1);
    const inputs = this.#inputs.slice(this.#inputs.length - Math.max(0, this.#clock.next - start));
    this.#inputs = [];
    if (start - ack > MOST_AHEAD) return;
    const checksum = this.#checksums.shift();
    this.#wire.sendSync(encodeSync({ run: this.#info.run, ack, start, inputs, checksum }, this.#info.bits));
  }

  #step() {
    const frame = /** @type {Frame} */ (this.#frames.shift());
    this.#simulation.step(frame);
    this.tick += 1;
    this.steps += 1;
    this.#before = this.#after;
    this.#after = this.#simulation.world();
    if (this.tick % this.#info.check === 0) this.#check();
    this.onStep(this.#before, this.#after);
  }

  #check() {
    this.checked = [this.tick, this.#simulation.checksum()];
    this.#checksums.push(this.checked);
    this.#worlds.set(this.tick, this.#after);
    for (const tick of this.#worlds.keys()) if (this.#worlds.size > CHECKED) this.#worlds.delete(tick);
  }
}
