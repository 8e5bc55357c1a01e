// @ts-check
/** A large world as a whole, in a corner: where people are, the part that the window shows, and oneself. */

import { CHALK, FLOOR_DARK, INK } from "./palette.js";

/** @typedef {Record<string, any>} View */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {Point & {width: number, height: number}} Frame */
/** @typedef {import("./interpolation.js").Avatar} Avatar */

const EVERY = 100; // ms
const MOST_PIXEL_RATIO = 2.5;
const FULL = 16; // people in a square that is drawn as full
const PEOPLE = "255 210 90";

export class Minimap {
  #canvas;
  #ctx;
  /** @type {View | null} */ #view = null;
  #lastShown = 0;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  /** Whether there is a world that is worth a map. */
  get there() {
    return this.#view !== null;
  }

  /** Takes a newer view; tells whether people were counted anew. @param {View} view */
  take(view) {
    const known = this.#view?.crowd;
    this.#view = view.crowd ? view : null;
    return this.#view !== null && view.crowd !== known;
  }

  /** @param {Point | null} own @param {Frame} window units @param {number} now ms */
  show(own, window, now) {
    if (!this.#view || this.#canvas.hidden || now - this.#lastShown < EVERY) return;
    this.#lastShown = now;
    const { width, height } = this.#fit();
    const ctx = this.#ctx;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = FLOOR_DARK;
    ctx.fillRect(0, 0, width, height);
    const scale = Math.min(width / this.#view.width, height / this.#view.height);
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    this.#paintCrowd(this.#view);
    ctx.strokeStyle = CHALK;
    ctx.lineWidth = (1.5 * this.#ratio) / scale;
    ctx.strokeRect(window.x, window.y, window.width, window.height);
    if (own) this.#paintDot(own, (4 * this.#ratio) / scale);
  }

  get #ratio() {
    return Math.min(devicePixelRatio, MOST_PIXEL_RATIO);
  }

  #fit() {
    const canvas = this.#canvas;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((px) => Math.round(px * this.#ratio));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    return { width, height };
  }

  /** @param {View} view */
  #paintCrowd({ crowd, square, width }) {
    const columns = Math.ceil(width / square);
    const gap = square / 16;
    for (const [index, count] of crowd.entries()) {
      if (count === 0) continue;
      const [x, y] = [(index % columns) * square, Math.floor(index / columns) * square];
      this.#ctx.fillStyle = `rgb(${PEOPLE} / ${(0.25 + (0.75 * Math.min(count, FULL)) / FULL).toFixed(2)})`;
      this.#ctx.fillRect(x + gap, y + gap, square - 2 * gap, square - 2 * gap);
    }
  }

  /** @param {Point} point @param {number} radius units */
  #paintDot({ x, y }, radius) {
    const ctx = this.#ctx;
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.fillStyle = CHALK;
    ctx.fill();
    ctx.strokeStyle = INK;
    ctx.stroke();
  }
}

/** How many there are in a large world; null in any other. @param {View | undefined} view @returns {number | null} */
export function headcount(view) {
  return view?.crowd ? view.crowd.reduce((/** @type {number} */ sum, /** @type {number} */ each) => sum + each, 0) : null;
}

/**
 * Whom to show on the scoreboard of a large world, where one does not see all who lead; null in any other.
 * @param {View | undefined} view
 * @param {Avatar | null} own
 * @returns {View[] | null}
 */
export function ranked(view, own) {
  if (!view?.leaders) return null;
  const leads = own && view.leaders.some((/** @type {View} */ { seat }) => String(seat) === own.seat);
  return own && !leads ? [...view.leaders, { ...own, unranked: true }] : view.leaders;
}
