// @ts-check
/** Puck and mallets, in points of the table. */

import { CHALK, colourOf, faded } from "./palette.js";

/** @typedef {import("./scene.js").Mallet} Mallet */
/** @typedef {import("./scene.js").Point} Point */

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point} at
 * @param {number} radius
 * @param {string} colour
 * @param {number} bright 0 to 1
 */
function glow(ctx, { x, y }, radius, colour, bright) {
  const light = ctx.createRadialGradient(x, y, 0, x, y, radius);
  light.addColorStop(0, faded(colour, bright));
  light.addColorStop(0.45, faded(colour, bright * 0.35));
  light.addColorStop(1, faded(colour, 0));
  ctx.fillStyle = light;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point} at
 * @param {number} radius
 * @param {string | CanvasGradient} style
 */
function disc(ctx, { x, y }, radius, style) {
  ctx.fillStyle = style;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Point & {speed: number}} puck
 * @param {number} radius
 * @param {number | null} owner who touched it last
 */
export function paintPuck(ctx, puck, radius, owner) {
  const colour = colourOf(owner);
  const heat = Math.min(1, puck.speed / 26);
  ctx.globalCompositeOperation = "lighter";
  glow(ctx, puck, radius * (2.6 + 1.2 * heat), colour, 0.5 + 0.4 * heat);
  ctx.globalCompositeOperation = "source-over";
  disc(ctx, puck, radius, colour);
  disc(ctx, puck, radius * 0.84, "#fffdf6");
  ctx.strokeStyle = faded("#10292d", 0.25);
  ctx.lineWidth = 3;
  ctx.beginPath();
  ctx.arc(puck.x, puck.y, radius * 0.5, 0, 2 * Math.PI);
  ctx.stroke();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Mallet} mallet
 * @param {number} radius
 * @param {{own: boolean, push: Point}} how `push`: where one wants to go, which is shown at once
 */
export function paintMallet(ctx, mallet, radius, { own, push }) {
  const colour = colourOf(mallet.seat);
  ctx.globalAlpha = mallet.away ? 0.25 : 1;
  ctx.globalCompositeOperation = "lighter";
  glow(ctx, mallet, radius * (mallet.dashing ? 2.3 : 1.6), colour, mallet.dashing ? 0.6 : 0.3);
  ctx.globalCompositeOperation = "source-over";
  disc(ctx, { x: mallet.x, y: mallet.y + 4 }, radius, faded("#000000", 0.35));
  disc(ctx, mallet, radius, shade(ctx, mallet, radius, colour));
  disc(ctx, mallet, radius * 0.62, faded("#0a171b", 0.5));
  disc(ctx, mallet, radius * 0.5, shade(ctx, mallet, radius * 0.5, colour));
  if (own) paintOwn(ctx, mallet, radius, push);
  ctx.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} ctx @param {Point} at @param {number} radius @param {string} colour */
function shade(ctx, { x, y }, radius, colour) {
  const light = ctx.createRadialGradient(x - radius * 0.3, y - radius * 0.4, radius * 0.1, x, y, radius);
  light.addColorStop(0, "#ffffff");
  light.addColorStop(0.35, colour);
  light.addColorStop(1, colour);
  return light;
}

/**
 * The ring fills up as the next dash gets ready.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Mallet} mallet
 * @param {number} radius
 * @param {Point} push
 */
function paintOwn(ctx, { x, y, ready }, radius, push) {
  const top = -Math.PI / 2;
  ctx.lineWidth = 5;
  ctx.strokeStyle = faded(CHALK, ready < 1 ? 0.55 : 0.95);
  ctx.beginPath();
  ctx.arc(x, y, radius + 7, top, top + 2 * Math.PI * ready);
  ctx.stroke();
  if (!push.x && !push.y) return;
  const angle = Math.atan2(push.y, push.x);
  const far = radius + 26;
  ctx.fillStyle = CHALK;
  ctx.beginPath();
  for (const [off, reach] of [
    [0, far],
    [0.26, far - 16],
    [-0.26, far - 16],
  ]) {
    ctx.lineTo(x + Math.cos(angle + off) * reach, y + Math.sin(angle + off) * reach);
  }
  ctx.fill();
}
