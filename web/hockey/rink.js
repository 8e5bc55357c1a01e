// @ts-check
/** The table itself: painted once for each size and each set of players, then only copied. */

import { CHALK, ICE, ICE_EDGE, RIM, colourOf, faded } from "./palette.js";
import { sideOf } from "./outlook.js";

/** @typedef {{side: number, goal: number, rim: number}} Measures points: of the table, half a goal, the edge */
/** @typedef {{seats: number[], turns: number, zoom: number}} Look pixels per point */

const CORNER = 46; // points
const MARK = 150; // points; the circle in the middle

export class Rink {
  #canvas = new OffscreenCanvas(1, 1);
  #painted = "";
  #measures;

  /** @param {Measures} measures */
  constructor(measures) {
    this.#measures = measures;
  }

  /**
   * Paints it with its middle at 0, 0; units are pixels.
   * @param {CanvasRenderingContext2D} ctx
   * @param {Look} look
   */
  paint(ctx, look) {
    const key = JSON.stringify(look);
    if (key !== this.#painted) this.#prepare(look);
    this.#painted = key;
    ctx.drawImage(this.#canvas, -this.#canvas.width / 2, -this.#canvas.height / 2);
  }

  /** @param {Look} look */
  #prepare({ seats, turns, zoom }) {
    const { side, rim } = this.#measures;
    const size = Math.ceil((side + 2 * rim) * zoom);
    this.#canvas = new OffscreenCanvas(size, size);
    const ctx = /** @type {any} */ (this.#canvas.getContext("2d"));
    ctx.translate(size / 2, size / 2);
    ctx.scale(zoom, zoom);
    this.#paintIce(ctx);
    this.#paintLines(ctx);
    this.#paintRim(ctx);
    for (const seat of seats) this.#paintGoal(ctx, sideOf(seat, turns), colourOf(seat));
  }

  /** @param {CanvasRenderingContext2D} ctx */
  #paintIce(ctx) {
    const half = this.#measures.side / 2;
    const light = ctx.createRadialGradient(0, 0, half * 0.1, 0, 0, half * 1.35);
    light.addColorStop(0, ICE);
    light.addColorStop(1, ICE_EDGE);
    ctx.fillStyle = light;
    ctx.beginPath();
    ctx.roundRect(-half, -half, 2 * half, 2 * half, CORNER / 2);
    ctx.fill();
  }

  /** @param {CanvasRenderingContext2D} ctx */
  #paintLines(ctx) {
    const half = this.#measures.side / 2;
    ctx.strokeStyle = faded(CHALK, 0.16);
    ctx.lineWidth = 4;
    ctx.beginPath();
    ctx.arc(0, 0, MARK, 0, 2 * Math.PI);
    for (const [x, y] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      ctx.moveTo(x * MARK, y * MARK);
      ctx.lineTo(x * half, y * half);
    }
    ctx.stroke();
    ctx.fillStyle = faded(CHALK, 0.25);
    ctx.beginPath();
    ctx.arc(0, 0, 9, 0, 2 * Math.PI);
    ctx.fill();
  }

  /** @param {CanvasRenderingContext2D} ctx */
  #paintRim(ctx) {
    const { side, rim } = this.#measures;
    ctx.fillStyle = RIM;
    ctx.beginPath();
    ctx.roundRect(-side / 2 - rim, -side / 2 - rim, side + 2 * rim, side + 2 * rim, CORNER);
    ctx.roundRect(-side / 2, -side / 2, side, side, CORNER / 2);
    ctx.fill("evenodd");
    ctx.strokeStyle = faded(CHALK, 0.32);
    ctx.lineWidth = 3;
    ctx.beginPath();
    ctx.roundRect(-side / 2, -side / 2, side, side, CORNER / 2);
    ctx.stroke();
  }

  /** @param {CanvasRenderingContext2D} ctx @param {{x: number, y: number}} way to it @param {string} colour */
  #paintGoal(ctx, { x, y }, colour) {
    const { side, goal, rim } = this.#measures;
    ctx.save();
    ctx.rotate(Math.atan2(y, x) - Math.PI / 2);
    ctx.translate(0, side / 2);
    const crease = ctx.createRadialGradient(0, 0, 0, 0, 0, goal * 1.15);
    crease.addColorStop(0, faded(colour, 0.36));
    crease.addColorStop(1, faded(colour, 0));
    ctx.fillStyle = crease;
    ctx.beginPath();
    ctx.arc(0, 0, goal * 1.15, Math.PI, 2 * Math.PI);
    ctx.fill();
    ctx.fillStyle = "#061013";
    ctx.fillRect(-goal, -2, 2 * goal, rim + 4);
    const depth = ctx.createLinearGradient(0, 0, 0, rim);
    depth.addColorStop(0, faded(colour, 0.55));
    depth.addColorStop(1, faded(colour, 0.12));
    ctx.fillStyle = depth;
    ctx.fillRect(-goal, 0, 2 * goal, rim);
    ctx.fillStyle = colour;
    for (const post of [-goal, goal]) {
      ctx.beginPath();
      ctx.arc(post, 0, 9, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.restore();
  }
}
