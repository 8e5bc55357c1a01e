// @ts-check
/**
 * What the court shows while nobody has come in yet: a still made by hand, and the game's name on the floor.
 */

import { CHALK } from "./palette.js";

/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./camera.js").Size} Size */

const PLACES = [
  [330, 250],
  [1290, 300],
  [1180, 760],
  [430, 800],
  [905, 380],
];
const GEMS = [
  [560, 200, 1],
  [1080, 190, 3],
  [240, 560, 5],
  [700, 860, 1],
  [1390, 560, 1],
  [960, 840, 3],
  [1450, 850, 5],
  [120, 130, 3],
  [600, 520, 1],
  [1220, 500, 1],
];

/** A room without a server. */
export const demo = {
  seat: null,
  rate: 1,
  tick: 0,
  view: {
    width: 1600,
    height: 1000,
    avatars: Object.fromEntries(PLACES.map(([x, y], seat) => [seat, { name: "", x, y, score: 0 }])),
    gems: Object.fromEntries(GEMS.map(([x, y, worth], id) => [id, { x, y, worth }])),
  },
};

const STROKE = 17;
const LETTERS = { width: 440 + STROKE, height: 100 + STROKE };
/** The middle of the strokes; where they run past the letters' height, they are cut off. */
const TITLE = [
  "M0 120V24L24 0H40L64 24V120M0 60H64",
  "M94 120V0H138L158 20V36L142 54H94M126 54L164 122",
  "M252 0H188V100H252M188 49H240",
  "M282 120V0L346 100V-20",
  "M376 120V24L400 0H416L440 24V120M376 60H440",
];

/**
 * Paints "ARENA" between the upper edge of the court and what lies below.
 * @param {CanvasRenderingContext2D} ctx in units of the world
 * @param {Camera} camera
 * @param {Size} window px
 * @param {number} below px from the window's top
 */
export function paintTitle(ctx, camera, window, below) {
  const top = Math.max(0, camera.project({ x: 0, y: 0 }, window).y);
  const room = below - top;
  const width = Math.min(0.84 * window.width, 780, (0.66 * room * LETTERS.width) / LETTERS.height);
  const zoom = width / LETTERS.width / camera.scale;
  const middle = (top + below - window.height) / 2 / camera.scale;
  ctx.save();
  ctx.translate(camera.x, camera.y + middle);
  ctx.scale(zoom, zoom);
  ctx.translate(STROKE / 2 - LETTERS.width / 2, STROKE / 2 - LETTERS.height / 2);
  paintLetters(ctx);
  ctx.restore();
}

/** @param {CanvasRenderingContext2D} ctx */
function paintLetters(ctx) {
  ctx.beginPath();
  ctx.rect(-STROKE, -STROKE / 2, LETTERS.width + STROKE, LETTERS.height);
  ctx.clip();
  ctx.strokeStyle = CHALK;
  ctx.globalAlpha = 0.92;
  ctx.lineWidth = STROKE;
  ctx.lineCap = "butt";
  ctx.lineJoin = "miter";
  for (const letter of TITLE) ctx.stroke(new Path2D(letter));
}
