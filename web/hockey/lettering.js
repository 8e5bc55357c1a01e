// @ts-check
/** What is written on the table, in points of it, with its middle at 0, 0. */

import { sideOf } from "./outlook.js";
import { CHALK, colourOf, faded } from "./palette.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./stage.js").Viewer} Viewer */

const FACE =
  '"Avenir Next Condensed", "Bahnschrift", "Roboto Condensed", "Arial Narrow", "Liberation Sans Narrow", sans-serif';
const SECOND = 60; // ticks
const LONGEST = 620; // points of a name

/**
 * Big and faint, beside the way to each goal.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Scene} scene
 * @param {number} turns
 * @param {number} side points
 */
export function paintScores(ctx, { mallets }, turns, side) {
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.font = `700 150px ${FACE}`;
  for (const { seat, score, away } of mallets) {
    const { x, y } = sideOf(seat, turns);
    ctx.fillStyle = faded(colourOf(seat), away ? 0.1 : 0.42);
    ctx.fillText(String(score), (x * 0.37 - y * 0.28) * side, (y * 0.37 + x * 0.28) * side + 8);
  }
}

/**
 * Along the edge.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Scene} scene
 * @param {Viewer} viewer
 * @param {number} turns
 * @param {number} side points, to the middle of the edge
 */
export function paintNames(ctx, { mallets }, { seat: own, names }, turns, side) {
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.font = `700 38px ${FACE}`;
  for (const { seat, wins, away } of mallets) {
    const { x, y } = sideOf(seat, turns);
    ctx.save();
    ctx.translate((x * side) / 2, (y * side) / 2 + 2);
    ctx.rotate(-x * (Math.PI / 2));
    ctx.lineWidth = 7;
    ctx.strokeStyle = "#0a171b99";
    ctx.fillStyle = away ? faded(CHALK, 0.6) : CHALK;
    const name = names.get(seat) ?? "";
    const remark = away ? " · away" : seat === own ? " · you" : "";
    const text = `${name}${remark}${wins ? ` ${"★".repeat(Math.min(5, wins))}` : ""}`;
    ctx.strokeText(text, 0, 0, LONGEST);
    ctx.fillText(text, 0, 0, LONGEST);
    ctx.restore();
  }
}

/**
 * What goes on, right across.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Scene} scene
 * @param {Viewer} viewer
 */
export function paintBanner(ctx, scene, viewer) {
  const { title, line, colour } = bannerOf(scene, viewer);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  write(ctx, title, -150, 110, colour);
  write(ctx, line, -62, 44, CHALK);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} text
 * @param {number} y
 * @param {number} size
 * @param {string} colour
 */
function write(ctx, text, y, size, colour) {
  if (!text) return;
  ctx.font = `800 ${size}px ${FACE}`;
  ctx.lineWidth = size / 5;
  ctx.strokeStyle = "#0a171bcc";
  ctx.strokeText(text, 0, y, 900);
  ctx.fillStyle = colour;
  ctx.fillText(text, 0, y, 900);
}

/**
 * @param {Scene} scene
 * @param {Viewer} viewer
 * @returns {{title: string, line: string, colour: string}}
 */
export function bannerOf({ phase, rest, at, by, target, mallets }, { seat, names }) {
  const name = (/** @type {number | null} */ of) => (of === null ? "" : (names.get(of) ?? "Somebody"));
  if (phase === "won") {
    const title = by !== null && by === seat ? "You win!" : `${name(by)} wins`;
    return { title, line: "Next round soon", colour: colourOf(by) };
  }
  if (phase === "scored" && by === null) return { title: "Own goal", line: name(at), colour: colourOf(at) };
  if (phase === "scored") {
    return { title: "Goal!", line: `${name(by)} scores against ${name(at)}`, colour: colourOf(by) };
  }
  const fresh = phase === "face-off" && rest > 1.4 * SECOND && mallets.every(({ score }) => score === 0);
  const line = fresh ? `First to ${target} wins` : "";
  const counts = phase === "face-off" && rest <= 3 * SECOND;
  return { title: counts ? String(Math.ceil(rest / SECOND)) : "", line, colour: CHALK };
}
