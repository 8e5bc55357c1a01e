// @ts-check
/**
 * The arena's page: joins the parts, and the library to them.
 *
 * For tests and for the curious, `window.gamesrv` is the page's `{ client, stage }`: what the server says,
 * and what is drawn of it (`stage.scene`).
 */

import { demo, paintTitle } from "./arena/demo.js";
import { bump, pop } from "./arena/effects.js";
import { Input } from "./arena/input.js";
import { Minimap, headcount, ranked } from "./arena/minimap.js";
import { colourOf } from "./arena/palette.js";
import { Scoreboard } from "./arena/scoreboard.js";
import { Stage } from "./arena/stage.js";
import { connect, remembers } from "./gamesrv.js";
import { Chat } from "./shared/chat.js";
import { Menu } from "./shared/menu.js";
import { GUEST, recallName, rememberName } from "./shared/name.js";
import { Overlay } from "./shared/overlay.js";
import { placeIn } from "./shared/place.js";

/** @typedef {import("./gamesrv.js").Client} Client */
/** @typedef {import("./gamesrv.js").Room} Room */
/** @typedef {import("./gamesrv.js").Status} Status */
/** @typedef {import("./gamesrv.js").GameEvent} GameEvent */
/** @typedef {import("./shared/place.js").Place} Place */

/** The same page shows both. */
const GAMES = ["arena", "world"];
const GAME = new URLSearchParams(location.search).get("game") === "world" ? "world" : "arena";
const LEFT = 4000;
const BAD_HELLO = 4400;

/** @param {string} id @returns {any} an element of the page, which knows what it is */
const element = (id) => document.getElementById(id);

/** @type {Client | null} */
let client = null;
const stage = new Stage(element("court"));
const minimap = new Minimap(element("minimap"));
const scoreboard = new Scoreboard(element("scores"));
const chat = new Chat(element("chat"), (text) => client?.say(text));
const overlay = new Overlay(element("overlay"), () => goOn());
const menu = new Menu(element("menu"), () => client?.close());
const touch = { pad: element("pad"), knob: element("knob"), dash: element("dash") };
const input = new Input(
  touch,
  () => steer(),
  () => void (isPlaying() && client?.command("dash")),
);

// ------------------------------------------------------------------ coming in and going out

/** @param {string} [name] none to go on with the session this tab remembers */
function enter(name) {
  client = connect({ name });
  client.on("status", (status) => follow(status));
  client.on("joined", (room) => joined(room));
  client.on("update", (room) => updated(room));
  client.on("event", (event) => happened(event));
  client.on("refused", ({ id, message }) => void (id === null && chat.note(message)));
  client.on("latency", (ms) => showLatency(ms));
  Object.assign(window, { gamesrv: { client, stage } });
}

/** @param {Status} status */
function follow(status) {
  const unwelcome = status.state === "closed" && status.code === BAD_HELLO && !client?.token;
  if (status.state !== "online") menu.close();
  if (status.state === "online") takeSeat(status.resumed);
  const left = status.state === "closed" && status.code === LEFT;
  if (unwelcome || left) showEntrance(unwelcome ? status.reason : "");
  else overlay.show(status);
}

/** A session that is resumed may have its seat still; one that is new has none. @param {boolean} resumed */
async function takeSeat(resumed) {
  try {
    if (resumed) await client?.sync();
    if (client && (!resumed || !client.room)) await goIn(client, placeIn(location.hash));
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const told = { title: "There is no seat", text: `${message}.`, button: "Try again" };
    if (client?.status.state === "online") overlay.tell(told);
  }
}

/**
 * Where the address says, the first time; wherever there is a seat, afterwards.
 * @param {Client} client
 * @param {Place} place
 */
function goIn(client, { room, watch }) {
  history.replaceState(null, "", location.pathname + location.search);
  if (watch) return client.watch(watch);
  if (client.name === GUEST) return client.close();
  return client.join(room ? { room } : { game: GAME });
}

/** The overlay's button. */
function goOn() {
  if (client?.status.state === "online") changeSeat();
  else if (client?.name) client.retry();
  else showEntrance("");
}

function changeSeat() {
  if (client?.room) client.leave();
  takeSeat(false);
}

/**
 * A whole new view: at first, after a reconnect, or in the middle of a game that went too fast for the line.
 * @param {Room} room
 */
function joined(room) {
  if (!GAMES.includes(room.game)) return tellOtherGame(room);
  const playing = element("entrance").hidden && !element("overlay").open;
  showPlayers();
  if (playing) return stage.show(room);
  overlay.hide();
  show("playing");
  stage.enter(room);
  stage.decoration = stage.attraction = null;
  steer();
  element("court").focus();
}

/** @param {Room} room */
function updated(room) {
  stage.show(room);
  if (minimap.take(room.view)) showPlayers();
}

/** A session may have gone elsewhere in between, by telnet perhaps. @param {Room} room */
function tellOtherGame({ id, game }) {
  const text = `Your seat is in ${id}, where ${game} is played. This page is the arena's.`;
  overlay.tell({ title: "You play another game", text, button: "Leave it, and play here" });
}

/** @param {string} problem with the name */
function showEntrance(problem) {
  overlay.hide();
  chat.clear();
  show("entrance");
  stage.enter(demo);
  stage.decoration = (ctx, camera, window) => {
    paintTitle(ctx, camera, window, element("enter").getBoundingClientRect().top);
  };
  element("name-problem").textContent = problem;
  element("name").focus();
  const { left, top, width, height } = element("name").getBoundingClientRect();
  stage.attraction = { x: left + width / 2, y: top + height / 2 };
}

/** @param {"entrance" | "playing"} part */
function show(part) {
  element("entrance").hidden = part !== "entrance";
  for (const id of ["board", "chat"]) element(id).hidden = part !== "playing";
  minimap.take(client?.room?.view ?? {});
  element("minimap").hidden = part !== "playing" || !minimap.there;
  element("touch").hidden = part !== "playing" || !document.body.classList.contains("touch") || !isPlaying();
  placeCourt();
}

// ------------------------------------------------------------------ playing

/** Tells where one runs; also after a reconnect, for keys may have come up meanwhile. */
function steer() {
  const { dx, dy } = input.direction;
  const length = Math.hypot(dx, dy) || 1;
  stage.intent = { x: dx / length, y: dy / length };
  if (isPlaying()) client?.command("move", { dx, dy });
}

/** Whether there is somebody to steer, which those who watch have not. */
function isPlaying() {
  return client?.status.state === "online" && client.room !== null && client.room.seat !== null;
}

/** @param {GameEvent} event */
function happened({ name, data }) {
  const tick = client?.room?.tick ?? 0;
  if (name === "collected") stage.effects.add(tick, pop(/** @type {any} */ (data)));
  else if (name === "bumped") stage.effects.add(tick, bump(/** @type {any} */ (data)));
  else if (name === "said") chat.said(String(data.name ?? ""), String(data.text ?? ""), colourOf(data.seat));
  else noteComings(name, data);
}

const COMINGS = new Map([
  ["player_joined", "is here"],
  ["player_dropped", "has lost the connection"],
  ["player_back", "is back"],
  ["player_left", "has left"],
]);
/** @type {Map<number, string>} who sat where: one who has left is no longer in the room's list */
const names = new Map();

/** @param {string} event @param {Record<string, any>} data */
function noteComings(event, { seat, name }) {
  const told = COMINGS.get(event);
  const who = name ?? names.get(seat);
  if (told && who) chat.note(`${who} ${told}`);
  showPlayers();
}

function showPlayers() {
  const players = Object.entries(client?.room?.players ?? {});
  names.clear();
  for (const [seat, { name }] of players) names.set(Number(seat), name);
  element("players").textContent = `${headcount(client?.room?.view) ?? players.length} here`;
}

/** @param {number} ms */
function showLatency(ms) {
  const latency = element("latency");
  latency.textContent = `${Math.round(ms)} ms`;
  latency.className = ms < 90 ? "good" : ms < 220 ? "fair" : "poor";
}

// ------------------------------------------------------------------ the window

function placeCourt() {
  const playing = element("entrance").hidden;
  const thumbs = document.body.classList.contains("touch") && innerHeight > innerWidth;
  const board = element("board").offsetHeight;
  const side = Math.min(24, innerWidth / 40);
  const top = playing ? board + side : side;
  const bottom = playing && thumbs ? 160 : side;
  stage.insets = { top, right: side, bottom, left: side };
  stage.camera.jump();
}

/** Whoever touches the screen once gets stick and button, also where there is a mouse. */
function useThumbs() {
  if (document.body.classList.contains("touch")) return;
  document.body.classList.add("touch");
  show(element("entrance").hidden ? "playing" : "entrance");
}

/** @param {KeyboardEvent} event */
function openChatOnEnter(event) {
  const free = event.target === document.body || event.target === element("court");
  if (event.key !== "Enter" || !free || !client?.room || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  input.releaseAll();
  chat.open();
}

/** @param {SubmitEvent} event */
function submitName(event) {
  event.preventDefault();
  const name = element("name").value.trim();
  if (!name) return;
  rememberName(name);
  enter(name);
}

function start() {
  if (matchMedia("(pointer: coarse)").matches) document.body.classList.add("touch");
  element("enter").addEventListener("submit", submitName);
  element("chat-button").addEventListener("click", () => chat.open());
  element("menu-button").addEventListener("click", () => menu.open(() => client?.token ?? null));
  element("menu").addEventListener("close", () => element("court").focus());
  addEventListener("pointerdown", ({ pointerType }) => void (pointerType === "touch" && useThumbs()));
  addEventListener("pointermove", ({ x, y }) => void (stage.attraction && (stage.attraction = { x, y })));
  addEventListener("keydown", openChatOnEnter);
  addEventListener("resize", placeCourt);
  stage.watchers.push((scene, own) => {
    const now = performance.now();
    scoreboard.show(ranked(client?.room?.view, own) ?? scene.avatars, own?.seat ?? null, now);
    minimap.show(own, stage.window, now);
    touch.dash.style.setProperty("--ready", stage.ready.toFixed(2));
  });
  element("name").value = recallName();
  showEntrance("");
  if (remembers()) enter();
}

start();
