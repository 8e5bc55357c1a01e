// @ts-check
/**
 * The page of air hockey: joins the parts. What happens on the table is computed here, from the frames that come.
 *
 * For tests and for the curious, `window.gamesrv` is the page's `{ client, lockstep, stage() }`.
 */

import { remembers } from "./gamesrv.js";
import { Door } from "./hockey/door.js";
import { Input } from "./hockey/input.js";
import { bannerOf } from "./hockey/lettering.js";
import { bitsOf, turnsFor } from "./hockey/outlook.js";
import { colourOf } from "./hockey/palette.js";
import { happenings, idleScene, sceneOf } from "./hockey/scene.js";
import { Sounds } from "./hockey/sounds.js";
import { Stage } from "./hockey/stage.js";
import { Lockstep } from "./lockstep.js";
import { openSimulation } from "./lockstep/simulation.js";
import { Chat } from "./shared/chat.js";
import { Menu } from "./shared/menu.js";
import { recallName, rememberName } from "./shared/name.js";
import { Overlay } from "./shared/overlay.js";

/** @typedef {import("./gamesrv.js").GameEvent} GameEvent */
/** @typedef {import("./gamesrv.js").Room} Room */
/** @typedef {import("./lockstep/simulation.js").Simulation} Simulation */

const GAME = "hockey";
const NOTHING = { dx: 0, dy: 0, dash: false, brake: false };
/** @type {import("./hockey/stage.js").Viewer} */
const NOBODY = { seat: null, names: new Map(), push: { x: 0, y: 0 } };

/** @param {string} id @returns {any} an element of the page, which knows what it is */
const element = (id) => document.getElementById(id);

const overlay = new Overlay(element("overlay"), () => door.goOn());
const door = new Door(GAME, overlay, showEntrance);
const chat = new Chat(element("chat"), (text) => door.client?.say(text));
const menu = new Menu(element("menu"), () => door.leave());
const sounds = new Sounds();
const touch = { pad: element("pad"), knob: element("knob"), dash: element("dash"), brake: element("brake") };
const input = new Input(touch);
/** @type {Map<number, string>} who sits where */
const names = new Map();
/** what was shown at the last ping */
const told = { late: 0 };

/** @type {Promise<Simulation>} */
const opening = openSimulation(GAME);
/** @type {Stage | null} there once the simulation is */
let stage = null;
/** @type {Lockstep | null} */
let lockstep = null;

// ------------------------------------------------------------------ coming in

/** @param {string} [name] none to go on with the session this tab remembers */
async function enter(name) {
  const simulation = await opening.catch(tellNoSimulation);
  if (!simulation) return;
  const client = door.enter(name);
  const drive = new Lockstep(client, simulation);
  lockstep = drive;
  drive.onStep = (before, after) => happenings(before, after, simulation.constants).forEach(happened);
  client.on("joined", (room) => joined(room));
  client.on("frames", (bytes) => drive.take(bytes, performance.now()));
  client.on("desync", (tick) => drive.desync(tick));
  client.on("event", (event) => noteEvent(event));
  client.on("status", ({ state }) => void (state !== "online" && menu.close()));
  client.on("left", () => door.lost());
  client.on("latency", (ms) => showLatency(ms));
  Object.assign(window, { gamesrv: { client, lockstep: drive, stage: () => stage } });
}

/** @param {Error} problem */
function tellNoSimulation({ message }) {
  overlay.tell({ title: "The table can’t be set up", text: message, button: "Try again" });
  element("overlay").addEventListener("click", () => location.reload());
}

/** A whole world: at first, after a reconnect, or where the server finds it better. @param {Room} room */
function joined(room) {
  if (!door.accepts(room)) return;
  lockstep?.enter(room);
  if (!element("entrance").hidden) {
    stage?.effects.clear();
    element("entrance").hidden = true;
    element("rink").focus();
  }
  showPlayers(room);
}

/** @param {string} problem with the name */
function showEntrance(problem) {
  chat.clear();
  element("entrance").hidden = false;
  element("invitation").textContent = door.watches ? "Watch air hockey" : "Play air hockey";
  element("enter-button").textContent = door.watches ? "Watch" : "Play";
  element("name-problem").textContent = problem;
  element("name").focus();
  place();
}

/** @param {SubmitEvent} event */
function submitName(event) {
  event.preventDefault();
  const name = element("name").value.trim();
  if (!name) return;
  rememberName(name);
  enter(name);
}

// ------------------------------------------------------------------ sixty times a second

/** @param {Stage} canvas @param {Simulation} simulation */
function run(canvas, simulation) {
  const c = simulation.constants;
  const frame = () => {
    requestAnimationFrame(frame);
    const room = door.client?.room;
    const now = performance.now();
    if (!lockstep || room?.game !== GAME) return canvas.show(idleScene(now), NOBODY, now);
    const turns = turnsFor(room.seat);
    const held = element("say").hidden ? input.held : NOTHING;
    const moment = lockstep.advance(now, bitsOf(held, turns, c));
    canvas.show(sceneOf(moment, c), { seat: room.seat, names, push: { x: held.dx, y: held.dy } }, now);
  };
  requestAnimationFrame(frame);
}

/** @param {import("./hockey/scene.js").Happening} what */
function happened(what) {
  stage?.effects.add(what);
  sounds.play(what);
  if (what.kind !== "goal" && what.kind !== "won") return;
  const scene = stage?.scene;
  if (!scene) return;
  const phase = what.kind === "goal" ? "scored" : "won";
  const seat = door.client?.room?.seat ?? null;
  const { title, line } = bannerOf(
    { ...scene, phase, at: what.at, by: what.seat },
    { ...NOBODY, seat, names },
  );
  element("told").textContent = `${title} ${line}`;
}

/** No frame is drawn while the page is not looked at; what is held then must not be held on. */
function lookedAway() {
  if (!document.hidden) return;
  input.releaseAll();
  lockstep?.release();
}

// ------------------------------------------------------------------ who is here

const COMINGS = new Map([
  ["player_joined", "is here"],
  ["player_dropped", "has lost the connection"],
  ["player_back", "is back"],
  ["player_left", "has left"],
]);

/** @param {GameEvent} event */
function noteEvent({ name, data }) {
  const room = door.client?.room;
  if (name === "said") chat.said(String(data.name ?? ""), String(data.text ?? ""), colourOf(data.seat));
  const who = data.name ?? names.get(data.seat);
  if (COMINGS.has(name) && who && data.seat !== room?.seat) chat.note(`${who} ${COMINGS.get(name)}`);
  if (room) showPlayers(room);
}

/** @param {Room} room */
function showPlayers({ players, seat }) {
  names.clear();
  for (const [seat, { name }] of Object.entries(players)) names.set(Number(seat), name);
  element("alone").hidden = seat === null || names.size > 1;
  element("spectator").hidden = seat !== null;
  place();
}

/** @param {number} ms */
function showLatency(ms) {
  const late = (lockstep?.late ?? 0) - told.late;
  told.late += late;
  element("latency").hidden = false;
  element("latency").textContent = `${Math.round(ms)} ms`;
  element("latency").className = ms < 70 ? "good" : ms < 160 ? "fair" : "poor";
  element("late").hidden = late <= 0;
  element("late").textContent = `${late} late`;
}

// ------------------------------------------------------------------ the window

function place() {
  const playing = element("entrance").hidden;
  const thumbs = document.body.classList.contains("touch");
  const upright = innerHeight > innerWidth;
  element("touch").hidden = !thumbs || !playing || door.client?.room?.seat == null;
  const bar = element("bar").offsetHeight;
  const low = element("alone").hidden && element("spectator").hidden ? 8 : 70;
  const bottom = thumbs ? (upright ? 170 : 6) : low;
  if (stage) stage.insets = { top: bar + (thumbs && upright ? 44 : 0), right: 6, bottom, left: 6 };
}

/** Whoever touches the screen once gets stick and buttons, also where there is a mouse. */
function useThumbs() {
  if (document.body.classList.contains("touch")) return;
  document.body.classList.add("touch");
  place();
}

/** @param {KeyboardEvent} event */
function openChatOnEnter(event) {
  const free = event.target === document.body || event.target === element("rink");
  if (event.key !== "Enter" || !free || !door.client?.room || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  input.releaseAll();
  chat.open();
}

/** @param {HTMLElement} button that says what it does, and then what it did */
async function copyLink(button) {
  const before = button.textContent;
  await navigator.clipboard?.writeText(door.link).catch(() => {});
  button.textContent = navigator.clipboard ? "Copied" : door.link;
  setTimeout(() => void (button.textContent = before), 1500);
}

function toggleSound() {
  sounds.toggle();
  element("sound-button").setAttribute("aria-pressed", String(sounds.on));
}

function listen() {
  element("enter").addEventListener("submit", submitName);
  element("chat-button").addEventListener("click", () => chat.open());
  element("menu-button").addEventListener("click", () => menu.open(() => door.client?.token ?? null));
  element("menu").addEventListener("close", () => element("rink").focus());
  element("sound-button").addEventListener("click", toggleSound);
  for (const id of ["invite", "share"]) element(id).addEventListener("click", () => copyLink(element(id)));
  element("lobby").addEventListener("click", (/** @type {Event} */ event) => {
    event.preventDefault();
    door.leave();
  });
  addEventListener("pointerdown", ({ pointerType }) => void (pointerType === "touch" && useThumbs()));
  addEventListener("keydown", openChatOnEnter);
  addEventListener("resize", place);
  document.addEventListener("visibilitychange", lookedAway);
}

async function start() {
  if (matchMedia("(pointer: coarse)").matches) document.body.classList.add("touch");
  listen();
  element("sound-button").setAttribute("aria-pressed", String(sounds.on));
  element("name").value = recallName();
  showEntrance("");
  if (remembers()) enter();
  const simulation = await opening;
  stage = new Stage(element("rink"), simulation.constants);
  place();
  run(stage, simulation);
}

start();
