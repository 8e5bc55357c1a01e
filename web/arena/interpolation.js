// @ts-check
/**
 * Makes 20 states a second look like 60 frames: what is drawn lies a little in the past, between two states
 * that are both known. Nothing is guessed; where the next state is late, the picture holds still.
 */

/** @typedef {Record<string, any>} View */
/** @typedef {{tick: number, view: View}} State */
/** @typedef {{seat: string, x: number, y: number, vx: number, vy: number} & Record<string, any>} Avatar */
/** @typedef {{id: string, x: number, y: number, worth: number}} Gem */
/** @typedef {{width: number, height: number, avatars: Avatar[], gems: Gem[]}} Scene */

const DELAY_TICKS = 2;
const MOST_DELAY = 250; // ms
const SLEW = 0.1; // the playhead runs at most this much faster or slower than time
const STEP_BEYOND = 250; // ms; an error above that is corrected at once
const SAMPLES = 100;
const STATES = 40;
const SNAP_DISTANCE = 200; // units between two states: nobody runs that fast, it is another place

/**
 * Which tick to show when. Of the newest arrivals the earliest (measured against its tick) tells when ticks
 * happen, and how much later the others came (95 of 100 of them) tells how far behind one must stay to have
 * the next state.
 */
export class Playhead {
  /** @type {number[]} arrival minus the tick's own time, ms */ #samples = [];
  /** @type {number | null} */ #shift = null;
  #target = 0;
  #lastNow = 0;

  /** @param {number} rate ticks per second */
  constructor(rate) {
    this.interval = 1000 / rate;
    /** how far behind the newest possible state the picture is, ms */
    this.delay = DELAY_TICKS * this.interval;
  }

  /** Something of that tick has arrived. @param {number} tick @param {number} now ms */
  heard(tick, now) {
    this.#samples.push(now - tick * this.interval);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    const sorted = [...this.#samples].sort((a, b) => a - b);
    const earliest = sorted[0];
    const jitter = sorted[Math.floor(0.95 * (sorted.length - 1))] - earliest;
    const least = DELAY_TICKS * this.interval;
    this.delay = Math.min(Math.max(least, this.interval + jitter), Math.max(least, MOST_DELAY));
    this.#target = earliest + this.delay;
  }

  /** The tick to show, a fraction. @param {number} now ms */
  at(now) {
    const elapsed = Math.max(0, now - this.#lastNow);
    this.#lastNow = now;
    const error = this.#shift === null ? Infinity : this.#target - this.#shift;
    if (Math.abs(error) > STEP_BEYOND) this.#shift = this.#target;
    else this.#shift = (this.#shift ?? 0) + clamp(error, -SLEW * elapsed, SLEW * elapsed);
    return (now - (this.#shift ?? 0)) / this.interval;
  }
}

/** The newest states of a room, and what lies between them. */
export class Interpolation {
  /** @type {State[]} by tick */ #states = [];

  /** @param {number} rate ticks per second */
  constructor(rate) {
    this.playhead = new Playhead(rate);
  }

  /** The newest state. */
  get newest() {
    return this.#states[this.#states.length - 1];
  }

  /** @param {number} tick @param {View} view @param {number} now ms */
  push(tick, view, now) {
    const newest = this.newest;
    if (newest && tick < newest.tick) return;
    if (newest && tick === newest.tick) this.#states.pop();
    // No update, no change: up to the tick before this one all was as it had been.
    else if (newest && tick > newest.tick + 1) this.#states.push({ tick: tick - 1, view: newest.view });
    this.#states.push({ tick, view });
    this.#states.splice(0, this.#states.length - STATES);
    this.playhead.heard(tick, now);
  }

  /** @param {number} now ms @returns {{tick: number, scene: Scene}} */
  sample(now) {
    const tick = this.playhead.at(now);
    const after = this.#states.findIndex((state) => state.tick > tick);
    if (after === 0) return { tick, scene: blend(this.#states[0], this.#states[0], 0) };
    if (after < 0) return { tick, scene: blend(this.newest, this.newest, 0) };
    const [from, to] = this.#states.slice(after - 1, after + 1);
    return { tick, scene: blend(from, to, (tick - from.tick) / (to.tick - from.tick)) };
  }
}

/**
 * The scene a part of the way from one state to the next. Who is there, and all but places, is as in the
 * former.
 * @param {State} from
 * @param {State} to
 * @param {number} part 0 to 1
 * @returns {Scene}
 */
export function blend(from, to, part) {
  const ticks = Math.max(1, to.tick - from.tick);
  const later = to.view.avatars ?? {};
  const avatars = placed(from.view.avatars).map(([seat, avatar]) => {
    return { ...avatar, seat, ...between(avatar, later[seat] ?? avatar, part, ticks) };
  });
  const gems = placed(from.view.gems).map(([id, gem]) => ({ id, x: gem.x, y: gem.y, worth: gem.worth ?? 1 }));
  return { width: from.view.width ?? 1600, height: from.view.height ?? 1000, avatars, gems };
}

/** @param {View} a @param {View} b @param {number} part @param {number} ticks */
function between(a, b, part, ticks) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  if (!(Math.hypot(dx, dy) <= SNAP_DISTANCE)) return { x: a.x, y: a.y, vx: 0, vy: 0 };
  return { x: a.x + dx * part, y: a.y + dy * part, vx: dx / ticks, vy: dy / ticks };
}

/** The things of a map that have a place. @param {View | undefined} things @returns {[string, View][]} */
function placed(things) {
  return Object.entries(things ?? {}).filter(([, it]) => Number.isFinite(it?.x) && Number.isFinite(it?.y));
}

/** @param {number} value @param {number} low @param {number} high */
function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
