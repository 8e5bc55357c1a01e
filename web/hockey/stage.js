// @ts-check
/** The canvas: what it shows of a scene. */

import { paintMallet, paintPuck } from "./bodies.js";
import { Effects } from "./effects.js";
import { paintBanner, paintNames, paintScores } from "./lettering.js";
import { sideOf, turned, turnsFor } from "./outlook.js";
import { NIGHT, colourOf, faded } from "./palette.js";
import { Rink } from "./rink.js";

/** @typedef {import("./scene.js").Constants} Constants */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {{top: number, right: number, bottom: number, left: number}} Insets px */
/** @typedef {{seat: number | null, names: Map<number, string>, push: {x: number, y: number}}} Viewer */

const RIM = 62; // points
const MOST_PIXEL_RATIO = 2.5;
const SHAKEN = 9; // points

export class Stage {
  effects = new Effects();
  /** @type {Insets} what the page needs around the table */ insets = {
    top: 0,
    right: 0,
    bottom: 0,
    left: 0,
  };
  /** @type {Scene | null} what was drawn last */ scene = null;
  /** frames drawn */ frames = 0;

  #canvas;
  #ctx;
  #side;
  #radii;
  #goal;
  #rink;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #resized = true;
  #before = 0;

  /** @param {HTMLCanvasElement} canvas @param {Constants} c */
  constructor(canvas, { SIDE, PUCK, MALLET, GOAL, POINT }) {
    this.#canvas = canvas;
    this.#ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    this.#side = SIDE / POINT;
    this.#goal = GOAL / POINT;
    this.#radii = { puck: PUCK / POINT, mallet: MALLET / POINT };
    this.#rink = new Rink({ side: this.#side, goal: this.#goal, rim: RIM });
    new ResizeObserver(() => void (this.#resized = true)).observe(canvas);
  }

  /** @param {Scene} scene @param {Viewer} viewer @param {number} now ms */
  show(scene, viewer, now) {
    const seconds = Math.min(0.1, (now - this.#before) / 1000);
    this.#before = now;
    this.scene = scene;
    this.frames += 1;
    this.effects.calm = this.#calm.matches;
    this.effects.age(seconds);
    this.effects.follow(scene.puck, scene.phase === "play");
    if (this.#resized) this.#fit();
    this.#paint(scene, viewer);
  }

  #fit() {
    this.#resized = false;
    const ratio = Math.min(devicePixelRatio, MOST_PIXEL_RATIO);
    this.#canvas.width = Math.round(this.#canvas.clientWidth * ratio);
    this.#canvas.height = Math.round(this.#canvas.clientHeight * ratio);
  }

  /** @param {Scene} scene @param {Viewer} viewer */
  #paint(scene, viewer) {
    const [ctx, turns] = [this.#ctx, turnsFor(viewer.seat)];
    const { x, y, zoom } = this.#place();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = NIGHT;
    ctx.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    const shaken = this.effects.shake ** 2 * SHAKEN * zoom;
    ctx.translate(x + shaken * Math.sin(this.#before / 17), y + shaken * Math.sin(this.#before / 23));
    const seats = scene.mallets.filter(({ away }) => !away).map(({ seat }) => seat);
    this.#rink.paint(ctx, { seats, turns, zoom });
    ctx.scale(zoom, zoom);
    this.#paintFlashes(turns);
    paintScores(ctx, scene, turns, this.#side);
    paintNames(ctx, scene, viewer, turns, this.#side + RIM);
    ctx.save();
    ctx.rotate((turns * Math.PI) / 2);
    ctx.translate(-this.#side / 2, -this.#side / 2);
    this.#paintBodies(scene, viewer, turns);
    ctx.restore();
    paintBanner(ctx, scene, viewer);
  }

  /** @param {Scene} scene @param {Viewer} viewer @param {number} turns */
  #paintBodies(scene, { seat, push }, turns) {
    const ctx = this.#ctx;
    const there = scene.phase === "play" || scene.phase === "face-off";
    this.effects.paintTrail(ctx, this.#radii.puck);
    if (there) paintPuck(ctx, scene.puck, this.#radii.puck, this.effects.owner);
    for (const mallet of scene.mallets) {
      const own = mallet.seat === seat;
      paintMallet(ctx, mallet, this.#radii.mallet, { own, push: turned(push, 4 - turns) });
    }
    this.effects.paint(ctx);
  }

  /** @param {number} turns */
  #paintFlashes(turns) {
    const [ctx, half] = [this.#ctx, this.#side / 2];
    for (const [seat, bright] of this.effects.flashes) {
      const { x, y } = sideOf(seat, turns);
      const light = ctx.createRadialGradient(x * half, y * half, 0, x * half, y * half, this.#side * 0.7);
      light.addColorStop(0, faded(colourOf(seat), 0.75 * bright));
      light.addColorStop(1, faded(colourOf(seat), 0));
      ctx.fillStyle = light;
      ctx.fillRect(-half, -half, 2 * half, 2 * half);
    }
  }

  /** Where the middle of the table is, and how many pixels a point has. */
  #place() {
    const ratio = this.#canvas.width / Math.max(1, this.#canvas.clientWidth);
    const { top, right, bottom, left } = this.insets;
    const width = this.#canvas.clientWidth - left - right;
    const height = this.#canvas.clientHeight - top - bottom;
    const zoom = Math.max(0.05, Math.min(width, height) / (this.#side + 2 * RIM));
    return { x: (left + width / 2) * ratio, y: (top + height / 2) * ratio, zoom: zoom * ratio };
  }
}
