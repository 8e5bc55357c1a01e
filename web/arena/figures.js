// @ts-check
/** What stands on the court: players with their faces, and gems. All in units of the world. */

import { CHALK, INK, colourOf, gemLook } from "./palette.js";

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {import("./interpolation.js").Avatar} Avatar */
/** @typedef {import("./interpolation.js").Gem} Gem */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {{now: number, calm: boolean, scale: number}} Moment `calm`: nothing moves that needn't */

export const RADIUS = 20;
const FAST = 16; // units per tick: nobody walks that fast
const BLINK_EVERY = 3700; // ms
const BLINK = 130; // ms
const NAME_SIZE = 13; // px
const FONT = '"Avenir Next", "Segoe UI", system-ui, "Helvetica Neue", "Liberation Sans", sans-serif';

/**
 * @param {Context} ctx
 * @param {Gem} gem
 * @param {number} size 0 to 1, while it appears
 * @param {Moment} moment
 */
export function paintGem(ctx, gem, size, { now, calm }) {
  const { light, dark, points, sharp } = gemLook(gem.worth);
  const radius = (8 + 2 * gem.worth) * size;
  const lift = calm ? 0 : 2 * Math.sin(now / 400 + gem.x);
  shadow(ctx, gem.x, gem.y + radius * 0.5, radius * 0.8);
  ctx.save();
  ctx.translate(gem.x, gem.y - lift - 3);
  shape(ctx, radius, points, sharp);
  ctx.fillStyle = dark;
  ctx.fill();
  shape(ctx, radius * 0.62, points, sharp);
  ctx.fillStyle = light;
  ctx.fill();
  ctx.restore();
}

/**
 * @param {Context} ctx
 * @param {number} radius
 * @param {number} points
 * @param {number} sharp inner radius of a star
 */
function shape(ctx, radius, points, sharp) {
  const corners = sharp < 1 ? 2 * points : points;
  ctx.beginPath();
  for (let i = 0; i < corners; i += 1) {
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2;
    const r = sharp < 1 && i % 2 ? radius * sharp : radius;
    ctx.lineTo(r * Math.cos(angle), r * Math.sin(angle));
  }
  ctx.closePath();
}

/** @param {Context} ctx @param {Avatar} avatar @param {Point} gaze @param {Moment} moment */
export function paintAvatar(ctx, avatar, gaze, moment) {
  ctx.save();
  ctx.translate(avatar.x, avatar.y);
  if (avatar.away) ctx.globalAlpha = 0.45;
  if (!moment.calm) paintTrail(ctx, avatar);
  shadow(ctx, 3, 7, RADIUS);
  paintBody(ctx, colourOf(avatar.seat));
  if (avatar.stun > 0) paintStunned(ctx, moment);
  else paintEyes(ctx, gaze, Boolean(avatar.away) || blinks(avatar, moment));
  ctx.restore();
}

/** @param {Context} ctx @param {string} colour */
function paintBody(ctx, colour) {
  disc(ctx, 0, 0, RADIUS, INK);
  disc(ctx, 0, 0, RADIUS - 2, colour);
  ctx.beginPath();
  ctx.arc(0, 0, RADIUS - 6, 1.1 * Math.PI, 1.55 * Math.PI);
  ctx.strokeStyle = "rgb(255 255 255 / 0.55)";
  ctx.lineWidth = 3;
  ctx.lineCap = "round";
  ctx.stroke();
}

/** @param {Context} ctx @param {Point} gaze @param {boolean} closed */
function paintEyes(ctx, gaze, closed) {
  for (const side of [-7, 7]) {
    const [x, y] = [side + gaze.x * 5, gaze.y * 5];
    if (closed) {
      line(ctx, [x - 4, y, x + 4, y]);
      continue;
    }
    disc(ctx, x, y, 5.6, "#fff");
    disc(ctx, x + gaze.x * 2.4, y + gaze.y * 2.4, 2.9, INK);
  }
}

/** @param {Context} ctx @param {Moment} moment */
function paintStunned(ctx, { now, calm }) {
  for (const x of [-7, 7]) {
    line(ctx, [x - 4, -4, x + 4, 4]);
    line(ctx, [x - 4, 4, x + 4, -4]);
  }
  for (let i = 0; i < 3; i += 1) {
    const angle = (2 * Math.PI * i) / 3 + (calm ? 0 : now / 260);
    disc(ctx, 24 * Math.cos(angle), -18 + 8 * Math.sin(angle), 3.4, CHALK);
  }
}

/** @param {Context} ctx @param {Avatar} avatar */
function paintTrail(ctx, avatar) {
  if (Math.hypot(avatar.vx, avatar.vy) < FAST) return;
  const alpha = ctx.globalAlpha;
  for (const back of [2.2, 1.5, 0.8]) {
    ctx.globalAlpha = alpha * (0.36 - 0.12 * back);
    disc(ctx, -avatar.vx * back, -avatar.vy * back, RADIUS - 3 * back, colourOf(avatar.seat));
  }
  ctx.globalAlpha = alpha;
}

/** Marks oneself: a ring that fills up as the dash gets ready, and an arrow above. @param {Context} ctx
 * @param {Avatar} avatar @param {number} ready 0 to 1 @param {Moment} moment */
export function paintOwnMark(ctx, avatar, ready, { now, calm }) {
  const top = -RADIUS - 15 - (calm ? 0 : 2.5 * Math.sin(now / 230));
  ctx.save();
  ctx.translate(avatar.x, avatar.y);
  ring(ctx, RADIUS + 6, 1, "rgb(246 238 220 / 0.3)");
  ring(ctx, RADIUS + 6, ready, CHALK);
  ctx.beginPath();
  ctx.moveTo(0, top);
  ctx.lineTo(-9, top - 12);
  ctx.lineTo(9, top - 12);
  ctx.closePath();
  ctx.fillStyle = CHALK;
  ctx.fill();
  ctx.restore();
}

/** @param {Context} ctx @param {Avatar} avatar @param {boolean} own @param {Moment} moment */
export function paintName(ctx, avatar, own, { scale }) {
  const name = String(avatar.name ?? "");
  ctx.font = `${own ? 700 : 500} ${NAME_SIZE / scale}px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  ctx.lineJoin = "round";
  ctx.lineWidth = 3.5 / scale;
  ctx.strokeStyle = "rgb(16 41 45 / 0.75)";
  ctx.fillStyle = CHALK;
  ctx.globalAlpha = avatar.away ? 0.6 : 1;
  const y = avatar.y + RADIUS + 9;
  ctx.strokeText(name, avatar.x, y);
  ctx.fillText(name, avatar.x, y);
  ctx.globalAlpha = 1;
}

/** @param {Avatar} avatar @param {Moment} moment */
function blinks(avatar, { now, calm }) {
  return !calm && (now + Number(avatar.seat) * 977) % BLINK_EVERY < BLINK;
}

/** @param {Context} ctx @param {number} x @param {number} y @param {number} r @param {string} fill */
function disc(ctx, x, y, r, fill) {
  ctx.beginPath();
  ctx.arc(x, y, Math.max(0, r), 0, 2 * Math.PI);
  ctx.fillStyle = fill;
  ctx.fill();
}

/** @param {Context} ctx @param {number} x @param {number} y @param {number} r */
function shadow(ctx, x, y, r) {
  ctx.beginPath();
  ctx.ellipse(x, y, r, r * 0.92, 0, 0, 2 * Math.PI);
  ctx.fillStyle = "rgb(6 24 27 / 0.3)";
  ctx.fill();
}

/** @param {Context} ctx @param {number} r @param {number} part @param {string} stroke */
function ring(ctx, r, part, stroke) {
  ctx.beginPath();
  ctx.arc(0, 0, r, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * part);
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 3;
  ctx.stroke();
}

/** @param {Context} ctx @param {[number, number, number, number]} from_to */
function line(ctx, [x1, y1, x2, y2]) {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.strokeStyle = INK;
  ctx.lineWidth = 3;
  ctx.lineCap = "round";
  ctx.stroke();
}
