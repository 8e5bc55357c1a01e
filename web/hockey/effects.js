// @ts-check
/** What lasts for a moment: sparks, the puck's trail, the flash of a goal, a shaken table. */

import { CHALK, colourOf, faded } from "./palette.js";

/** @typedef {import("./scene.js").Happening} Happening */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {Point & {vx: number, vy: number, age: number, life: number, size: number, colour: string}} Spark */
/** @typedef {Point & {age: number, life: number, from: number, to: number, colour: string}} Ring */

const MOST_SPARKS = 240;
const TRAIL = 16; // places
const FLASH = 0.9; // s
const DRAG = 3; // per second

export class Effects {
  /** @type {Spark[]} */ #sparks = [];
  /** @type {Ring[]} */ #rings = [];
  /** @type {Point[]} newest first */ #trail = [];
  /** @type {Map<number, number>} by seat: how bright its goal still flashes, 0 to 1 */ flashes = new Map();
  /** how much the table is shaken, 0 to 1 */ shake = 0;
  /** who touched the puck last @type {number | null} */ owner = null;
  calm = false;

  clear() {
    this.#sparks = [];
    this.#rings = [];
    this.#trail = [];
    this.flashes.clear();
    this.shake = 0;
    this.owner = null;
  }

  /** @param {Happening} what */
  add(what) {
    const { kind, x, y, force, seat, at } = what;
    if (kind === "hit") this.owner = seat;
    if (kind === "face-off") this.owner = null;
    if (kind === "hit" || kind === "wall") this.#burst(what, 3 + Math.round(14 * force), 90 + 420 * force);
    if (kind === "hit") this.#ring(x, y, 24, 40 + 70 * force, 0.28, colourOf(seat));
    if (kind === "dash") this.#ring(x, y, 40, 86, 0.3, colourOf(seat));
    if (kind === "goal") this.#goal(what);
    if (kind === "won") for (const x of [200, 400, 600, 800]) this.#burst({ x, y: 500, seat }, 40, 700);
    if (kind === "goal" && at !== null) this.flashes.set(at, 1);
  }

  /** @param {Point} puck @param {boolean} moves */
  follow({ x, y }, moves) {
    const last = this.#trail[0];
    if (!moves || (last && Math.hypot(last.x - x, last.y - y) > 120)) this.#trail = [];
    if (moves) this.#trail.unshift({ x, y });
    this.#trail.length = Math.min(this.#trail.length, TRAIL);
  }

  /** @param {number} seconds */
  age(seconds) {
    const slowed = Math.exp(-DRAG * seconds);
    for (const spark of this.#sparks) {
      spark.age += seconds;
      spark.x += spark.vx * seconds;
      spark.y += spark.vy * seconds;
      spark.vx *= slowed;
      spark.vy *= slowed;
    }
    for (const ring of this.#rings) ring.age += seconds;
    this.#sparks = this.#sparks.filter(({ age, life }) => age < life).slice(-MOST_SPARKS);
    this.#rings = this.#rings.filter(({ age, life }) => age < life);
    for (const [seat, bright] of this.flashes) {
      if (bright <= seconds / FLASH) this.flashes.delete(seat);
      else this.flashes.set(seat, bright - seconds / FLASH);
    }
    this.shake = Math.max(0, this.shake - seconds * 2.4);
  }

  /** In points of the table, below what moves. @param {CanvasRenderingContext2D} ctx @param {number} radius */
  paintTrail(ctx, radius) {
    const [head, tail] = [this.#trail[0], this.#trail[this.#trail.length - 1]];
    if (!head || Math.hypot(head.x - tail.x, head.y - tail.y) < radius) return;
    const colour = this.owner === null ? CHALK : colourOf(this.owner);
    const light = ctx.createLinearGradient(head.x, head.y, tail.x, tail.y);
    light.addColorStop(0, faded(colour, 0.55));
    light.addColorStop(1, faded(colour, 0));
    ctx.fillStyle = light;
    ctx.fill(ribbon(this.#trail, radius * 0.9));
  }

  /** In points of the table, above all. @param {CanvasRenderingContext2D} ctx */
  paint(ctx) {
    ctx.globalCompositeOperation = "lighter";
    for (const { x, y, age, life, size, colour } of this.#sparks) {
      ctx.fillStyle = faded(colour, 0.9 * (1 - age / life));
      ctx.beginPath();
      ctx.arc(x, y, size * (1 - (0.6 * age) / life), 0, 2 * Math.PI);
      ctx.fill();
    }
    for (const { x, y, age, life, from, to, colour } of this.#rings) {
      const part = age / life;
      ctx.strokeStyle = faded(colour, 0.7 * (1 - part));
      ctx.lineWidth = 7 * (1 - part) + 1;
      ctx.beginPath();
      ctx.arc(x, y, from + (to - from) * (1 - (1 - part) ** 2), 0, 2 * Math.PI);
      ctx.stroke();
    }
    ctx.globalCompositeOperation = "source-over";
  }

  /** @param {Happening} what */
  #goal(what) {
    const colour = colourOf(what.seat);
    this.#burst(what, 70, 900);
    this.#ring(what.x, what.y, 30, 420, 0.7, colour);
    this.#ring(what.x, what.y, 30, 240, 0.5, CHALK);
    if (!this.calm) this.shake = 1;
  }

  /** @param {Pick<Happening, "x" | "y" | "seat">} where @param {number} count @param {number} speed */
  #burst({ x, y, seat }, count, speed) {
    if (this.calm) return;
    for (let spark = 0; spark < count; spark += 1) {
      const [angle, fast] = [2 * Math.PI * Math.random(), speed * (0.25 + 0.75 * Math.random())];
      const colour = Math.random() < 0.4 ? CHALK : colourOf(seat);
      const [vx, vy] = [Math.cos(angle) * fast, Math.sin(angle) * fast];
      const life = 0.25 + 0.5 * Math.random();
      this.#sparks.push({ x, y, vx, vy, age: 0, life, size: 2 + 4 * Math.random(), colour });
    }
  }

  /**
   * @param {number} x @param {number} y @param {number} from @param {number} to points
   * @param {number} life s
   * @param {string} colour
   */
  #ring(x, y, from, to, life, colour) {
    this.#rings.push({ x, y, age: 0, life, from, to, colour });
  }
}

/** Along some places, and narrower from one to the next. @param {Point[]} places @param {number} radius */
function ribbon(places, radius) {
  /** @type {Point[][]} */
  const [left, right] = [[], []];
  places.forEach(({ x, y }, place) => {
    const [from, to] = [places[Math.max(0, place - 1)], places[Math.min(places.length - 1, place + 1)]];
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const wide = (radius * (1 - place / places.length)) / length;
    left.push({ x: x - (to.y - from.y) * wide, y: y + (to.x - from.x) * wide });
    right.unshift({ x: x + (to.y - from.y) * wide, y: y - (to.x - from.x) * wide });
  });
  const path = new Path2D();
  for (const { x, y } of [...left, ...right]) path.lineTo(x, y);
  return path;
}
