// @ts-check
/** Big Two told again: the live table, its parts taken from the live page, without anything to do at it. */

import { spoken } from "./cards.js";
import { element } from "./dom.js";
import { Table } from "./table.js";
import { nameOf } from "./words.js";

/** @typedef {import("../replay.js").Picture} Picture */
/** @typedef {import("../replay/recording.js").Frame} Frame */
/** @typedef {import("./seats.js").Scene} Scene */

const STYLES = ["face.css", "../bigtwo.css", "replay.css"];
const PARTS = ["lacquer", "table", "own", "told"];
/** How long something is seen at least, in seconds. @type {Record<string, number>} */
const LEAST = { deal_over: 5, dealt: 1.2, played: 0.5, passed: 0.3 };

/**
 * Lays the table before an element of the page.
 * @param {Element} place
 * @returns {Promise<Picture>}
 */
export async function open(place) {
  await Promise.all([setUp(place), ...STYLES.map(style)]);
  const table = new Table({ play: never, pass: never, auto() {}, goOn() {}, ready() {}, sit: null, toLobby });
  return {
    show: (scene, live) => show(table, /** @type {any} */ (scene), live),
    happened: (event) => table.happened({ ...event, seq: 0 }),
    mark,
    least,
  };
}

/** @param {Element} place */
async function setUp(place) {
  const answer = await fetch(new URL("../bigtwo.html", import.meta.url));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  page.getElementById("chat")?.remove();
  page.getElementById("hand")?.setAttribute("inert", "");
  for (const id of PARTS) place.before(/** @type {Element} */ (page.getElementById(id)));
}

/** @param {string} name @returns {Promise<unknown>} */
function style(name) {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: new URL(name, import.meta.url).href });
  document.head.append(link);
  return new Promise((resolve) => link.addEventListener("load", resolve));
}

/** The hand can't be walked through with keys, so its place says what is in it. @param {Table} table @param {Scene} scene @param {boolean} live */
function show(table, scene, live) {
  const { behind = null, mine, view } = scene;
  table.show(scene, live);
  if (behind === null) return;
  const cards = (mine.hand ?? []).map((/** @type {number} */ card) => spoken(card, view.table.suits));
  element("own").ariaLabel = `${nameOf(scene, behind)} holds ${cards.join(", ") || "nothing"}`;
}

/** @param {Frame} frame @returns {ReturnType<Picture["mark"]>} */
function mark({ events }) {
  const dealt = events.find(({ name }) => name === "dealt");
  if (dealt) return { kind: "chapter", label: `Deal ${dealt.data.deal}` };
  return events.some(({ name }) => name === "trick_won") ? { kind: "mark", label: "" } : null;
}

/** @param {Frame} frame */
function least({ events }) {
  return Math.max(0, ...events.map(({ name }) => LEAST[name] ?? 0));
}

async function never() {}

function toLobby() {
  location.href = "./";
}
