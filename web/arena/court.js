// @ts-check
/** The floor: a painted court, and what lies around it. */

import { CHALK, FLOOR, FLOOR_DARK, FLOOR_LIGHT, INK, RUNOFF_COLOUR, SURROUND } from "./palette.js";

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {{width: number, height: number}} Size */

const LINE = 4;
const RUNOFF = 34;
const GRAIN_SIZE = 160;
/** A large world is laid out with courts of this size. */
const TILE = { width: 1600, height: 1000 };

/** The court as a picture of its own: it is painted once for each size, not once a frame. */
export class Court {
  #picture = document.createElement("canvas");
  #painted = "";

  /**
   * Fills the canvas: the court with the world's origin at `x`, `y`, and what lies around it.
   * @param {Context} ctx in px of the canvas
   * @param {Size} world
   * @param {number} zoom px per unit
   * @param {number} x px
   * @param {number} y px
   */
  paint(ctx, world, zoom, x, y) {
    const tiled = world.width > TILE.width || world.height > TILE.height;
    const size = tiled ? TILE : world;
    const key = `${size.width} ${size.height} ${zoom} ${tiled}`;
    if (key !== this.#painted) this.#prepare(size, zoom, tiled ? 0 : RUNOFF);
    this.#painted = key;
    ctx.fillStyle = SURROUND;
    ctx.fillRect(0, 0, ctx.canvas.width, ctx.canvas.height);
    if (tiled) this.#layOut(ctx, world, zoom, x, y);
    else ctx.drawImage(this.#picture, Math.round(x - RUNOFF * zoom), Math.round(y - RUNOFF * zoom));
  }

  /**
   * The courts that can be seen, side by side.
   * @param {Context} ctx
   * @param {Size} world
   * @param {number} zoom
   * @param {number} x
   * @param {number} y
   */
  #layOut(ctx, world, zoom, x, y) {
    const edge = RUNOFF * zoom;
    ctx.fillStyle = RUNOFF_COLOUR;
    ctx.fillRect(x - edge, y - edge, world.width * zoom + 2 * edge, world.height * zoom + 2 * edge);
    const [wide, high] = [TILE.width * zoom, TILE.height * zoom];
    const [columns, rows] = [world.width / TILE.width, world.height / TILE.height];
    for (let row = from(y, high); row < Math.min(rows, (ctx.canvas.height - y) / high); row += 1) {
      for (let column = from(x, wide); column < Math.min(columns, (ctx.canvas.width - x) / wide); column += 1) {
        ctx.drawImage(this.#picture, Math.round(x + column * wide), Math.round(y + row * high));
      }
    }
  }

  /** @param {Size} size @param {number} zoom @param {number} around units of runoff on each side */
  #prepare({ width, height }, zoom, around) {
    this.#picture.width = Math.ceil((width + 2 * around) * zoom);
    this.#picture.height = Math.ceil((height + 2 * around) * zoom);
    const ctx = /** @type {Context} */ (this.#picture.getContext("2d", { alpha: false }));
    ctx.fillStyle = RUNOFF_COLOUR;
    ctx.fillRect(0, 0, this.#picture.width, this.#picture.height);
    ctx.setTransform(zoom, 0, 0, zoom, around * zoom, around * zoom);
    paintFields(ctx, { width, height });
    paintGrain(ctx, { width, height });
    paintLines(ctx, { width, height });
  }
}

/** The first court to be seen along an axis. @param {number} start px @param {number} size px */
function from(start, size) {
  return Math.max(0, Math.floor(-start / size));
}

/** @param {Context} ctx @param {Size} world */
function paintFields(ctx, { width, height }) {
  const [cx, cy] = [width / 2, height / 2];
  ctx.fillStyle = FLOOR;
  ctx.fillRect(0, 0, width, height);
  ctx.fillStyle = FLOOR_LIGHT;
  ctx.fillRect(0, 0, cx, height);
  halfDisc(ctx, 0, cy, height * 0.3, FLOOR_DARK, 1.5);
  halfDisc(ctx, width, cy, height * 0.3, FLOOR_DARK, 0.5);
  halfDisc(ctx, cx, cy, height * 0.17, FLOOR, 0.5);
  halfDisc(ctx, cx, cy, height * 0.17, FLOOR_LIGHT, 1.5);
}

/** @param {Context} ctx @param {Size} world */
function paintLines(ctx, { width, height }) {
  const [cx, cy] = [width / 2, height / 2];
  ctx.strokeStyle = CHALK;
  ctx.lineWidth = LINE;
  ctx.globalAlpha = 0.8;
  ctx.strokeRect(0, 0, width, height);
  ctx.beginPath();
  ctx.moveTo(cx, 0);
  ctx.lineTo(cx, height);
  circle(ctx, cx, cy, height * 0.17);
  ctx.moveTo(0, cy - height * 0.3);
  ctx.arc(0, cy, height * 0.3, -Math.PI / 2, Math.PI / 2);
  ctx.moveTo(width, cy + height * 0.3);
  ctx.arc(width, cy, height * 0.3, Math.PI / 2, -Math.PI / 2);
  ctx.stroke();
  ctx.fillStyle = CHALK;
  ctx.beginPath();
  circle(ctx, cx, cy, 9);
  ctx.fill();
  ctx.globalAlpha = 1;
}

/**
 * The roughness of the surface, which also tells the eye that it moves.
 * @param {Context} ctx
 * @param {Size} world
 */
function paintGrain(ctx, { width, height }) {
  const pattern = ctx.createPattern(makeGrain(), "repeat");
  if (!pattern) return;
  ctx.fillStyle = pattern;
  ctx.fillRect(0, 0, width, height);
}

function makeGrain() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = GRAIN_SIZE;
  const ctx = /** @type {Context} */ (canvas.getContext("2d"));
  for (let i = 0; i < 900; i += 1) {
    ctx.fillStyle = i % 2 ? CHALK : INK;
    ctx.globalAlpha = 0.03 + 0.05 * Math.random();
    ctx.fillRect(Math.random() * GRAIN_SIZE, Math.random() * GRAIN_SIZE, 1.4, 1.4);
  }
  return canvas;
}

/** @param {Context} ctx @param {number} x @param {number} y @param {number} r */
function circle(ctx, x, y, r) {
  ctx.moveTo(x + r, y);
  ctx.arc(x, y, r, 0, 2 * Math.PI);
}

/**
 * @param {Context} ctx
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {string} fill
 * @param {number} start half turns, clockwise from the right
 */
function halfDisc(ctx, x, y, r, fill, start) {
  ctx.fillStyle = fill;
  ctx.beginPath();
  ctx.arc(x, y, r, start * Math.PI, (start + 1) * Math.PI);
  ctx.fill();
}
