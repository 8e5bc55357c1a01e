// @ts-check
/** What flares up and is gone: a gem that pops, a bump that flashes. */

import { CHALK, gemLook } from "./palette.js";

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {{x: number, y: number, colour: string, label: string, rays: number, reach: number}} Flare */
/** @typedef {Flare & {tick: number, born: number | null}} Effect */
/** @typedef {import("./figures.js").Moment} Moment */

const LIFE = 700; // ms
const MOST = 64;
const STALE = 10; // ticks: nobody was looking when it happened
const FONT =
  '"Avenir Next Condensed", "Roboto Condensed", "Arial Narrow", "Liberation Sans Narrow", sans-serif';

export class Effects {
  /** @type {Effect[]} */ #effects = [];

  /**
   * Something happened at that tick: it shows when the picture gets there.
   * @param {number} tick
   * @param {Flare} flare
   */
  add(tick, flare) {
    if (!Number.isFinite(flare.x) || !Number.isFinite(flare.y)) return;
    this.#effects.push({ ...flare, tick, born: null });
    this.#effects.splice(0, this.#effects.length - MOST);
  }

  clear() {
    this.#effects = [];
  }

  /** @param {Context} ctx in units of the world @param {number} tick what is shown @param {Moment} moment */
  paint(ctx, tick, moment) {
    for (const effect of this.#effects) if (effect.tick <= tick) effect.born ??= moment.now;
    this.#effects = this.#effects.filter((effect) => lives(effect, tick, moment.now));
    for (const effect of this.#effects) if (effect.born !== null) paintFlare(ctx, effect, moment);
  }
}

/** @param {{worth?: number, x: number, y: number}} gem @returns {Flare} */
export function pop({ worth = 1, x, y }) {
  return { x, y, colour: gemLook(worth).light, label: `+${worth}`, rays: 6, reach: 34 };
}

/** @param {{lost?: number, x: number, y: number}} bump @returns {Flare} */
export function bump({ lost = 0, x, y }) {
  return { x, y, colour: CHALK, label: lost ? `−${lost}` : "", rays: 11, reach: 62 };
}

/** @param {Effect} effect @param {number} tick @param {number} now */
function lives({ tick: at, born }, tick, now) {
  return born === null ? tick < at + STALE : now - born < LIFE;
}

/** @param {Context} ctx @param {Effect} effect @param {Moment} moment */
function paintFlare(ctx, effect, { now, calm, scale }) {
  const part = (now - (effect.born ?? now)) / LIFE;
  const out = 1 - (1 - part) ** 3;
  ctx.save();
  ctx.translate(effect.x, effect.y);
  ctx.globalAlpha = 1 - part;
  ctx.strokeStyle = ctx.fillStyle = effect.colour;
  if (!calm) paintRays(ctx, effect, out);
  ctx.font = `700 ${20 / scale}px ${FONT}`;
  ctx.textAlign = "center";
  ctx.strokeStyle = "rgb(16 41 45 / 0.8)";
  ctx.lineWidth = 4 / scale;
  const y = -26 - (calm ? 0 : 26 * out);
  ctx.strokeText(effect.label, 0, y);
  ctx.fillText(effect.label, 0, y);
  ctx.restore();
}

/** @param {Context} ctx @param {Flare} flare @param {number} out 0 to 1 */
function paintRays(ctx, { rays, reach }, out) {
  ctx.lineWidth = 4 * (1 - out) + 0.5;
  ctx.beginPath();
  ctx.arc(0, 0, reach * out, 0, 2 * Math.PI);
  for (let i = 0; i < rays; i += 1) {
    const angle = (2 * Math.PI * i) / rays - Math.PI / 2;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    ctx.moveTo(reach * out * cos, reach * out * sin);
    ctx.lineTo(reach * (0.35 + out) * cos, reach * (0.35 + out) * sin);
  }
  ctx.stroke();
}
