// @ts-check
/**
 * The card table's page: joins the table and the library.
 *
 * For tests and for the curious, `window.gamesrv` is the page's `{ client, table }`.
 */

import { sameRoom, writeAddress } from "./bigtwo/address.js";
import { element } from "./bigtwo/dom.js";
import { optionsInWords } from "./bigtwo/options.js";
import { ask } from "./bigtwo/question.js";
import { glazeOf } from "./bigtwo/seats.js";
import { Table } from "./bigtwo/table.js";
import { isBot, ranksInWords, sentence } from "./bigtwo/words.js";
import { connect, remembers } from "./gamesrv.js";
import { Chat } from "./shared/chat.js";
import { Menu } from "./shared/menu.js";
import { recallName, rememberName } from "./shared/name.js";
import { Overlay } from "./shared/overlay.js";
import { placeIn } from "./shared/place.js";

/** @typedef {import("./gamesrv.js").Client} Client */
/** @typedef {import("./gamesrv.js").Refused} Refused */
/** @typedef {import("./gamesrv.js").Room} Room */
/** @typedef {import("./gamesrv.js").Status} Status */
/** @typedef {import("./gamesrv.js").GameEvent} GameEvent */
/** @typedef {import("./shared/place.js").Place} Place */
/** @typedef {{title: string, text: string, button: string}} Words */

const GAME = "bigtwo";
const LOBBY = "./";
const LEFT = 4000;
const BAD_HELLO = 4400;
const GUEST = "Guest"; // the lobby's word for one who has not said a name yet

/** What the address names. */
let asked = placeIn(location.hash);
/** @type {Client | null} */
let client = null;
/** What the overlay's button does. @type {() => void} */
let next = () => client?.retry();
let leaving = false;

/** @type {Words} */
const GONE = { title: "You are no longer at this table", text: "", button: "Find another" };
/** @type {Words} */
const FULL = { title: "All seats are taken", text: "The game goes on without you.", button: "Watch it" };
/** @type {Words} */
const NO_TABLE = {
  title: "There is no such table",
  text: "Perhaps everyone has left it, or the code has a slip in it.",
  button: "Find another",
};
/** Close codes of a room that is over, gone or broken. */
const ROOM_ENDED = new Set([4404, 4410, 4500]);
/** Refusals of a room that can be watched at least. */
const TAKEN = new Set(["room_full", "already_started"]);

const table = new Table({
  play: (cards) => send("play", { cards }),
  pass: () => send("pass"),
  auto: (on) => void send("auto", { on }).catch(complain),
  goOn: () => void send("go_on").catch(complain),
  ready: (on) => void client?.ready(on).catch(complain),
  sit: (seat) => void sit(seat),
  toLobby: () => toLobby(),
});
const chat = new Chat(element("chat"), (text) => client?.say(text).catch(complain));
const overlay = new Overlay(element("overlay"), () => next());
const menu = new Menu(element("menu"), () => toLobby());

// ------------------------------------------------------------------ coming in

/** @param {string} [name] none to go on with the session this tab remembers */
function enter(name) {
  client = connect({ name });
  client.on("status", (status) => follow(status));
  client.on("joined", (room) => joined(room));
  client.on("update", (room) => table.show(room));
  client.on("event", (event) => happened(event));
  client.on("left", () => !leaving && tell(GONE, anyTable));
  client.on("latency", (ms) => showLatency(ms));
  Object.assign(window, { gamesrv: { client, table } });
}

/** @param {Status} status */
function follow(status) {
  if (status.state !== "online") menu.close();
  if (status.state === "online") return comeBack(status.resumed);
  const unwelcome = status.state === "closed" && status.code === BAD_HELLO && !client?.token;
  if (unwelcome) return showEntrance(status.reason);
  if (status.state === "closed" && status.code === LEFT) return showEntrance("");
  next = () => tryAgain(status);
  overlay.show(status);
}

/** The overlay's button, after a loss. @param {Status} status */
function tryAgain(status) {
  if (status.state === "closed" && ROOM_ENDED.has(status.code)) asked = {};
  if (client?.name) client.retry();
  else showEntrance("");
}

/** A session that is resumed may have its seat still; one that is new has none. @param {boolean} resumed */
async function comeBack(resumed) {
  overlay.show({ state: "online", resumed });
  try {
    if (resumed) await client?.sync();
  } catch {
    return; // the connection was lost again
  }
  const room = client?.room;
  if (room && !isAsked(room)) return room.seat === null ? move() : askToMove(room);
  if (room) return;
  if (client?.name === GUEST && !asked.watch) client.close();
  else takeSeat(asked);
}

/** Whether it is the place that the address names. @param {Room} room */
function isAsked({ id, game, seat }) {
  const named = asked.room ?? asked.watch;
  const here = !named || sameRoom(named, id);
  return game === GAME && here && (seat !== null || asked.room === undefined);
}

async function move() {
  await leaveRoom();
  takeSeat(asked);
}

/** @param {Place} place */
async function takeSeat(place) {
  asked = place;
  const { room, watch } = place;
  try {
    if (watch) await client?.watch(watch);
    else await client?.join(room ? { room } : { game: GAME });
  } catch (error) {
    if (client?.status.state === "online") turnedAway(/** @type {Refused} */ (error), place);
  }
}

function anyTable() {
  takeSeat({});
}

/** @param {Refused} why @param {Place} place */
function turnedAway({ code, message }, place) {
  const { room } = place;
  if (code === "already_in_room" && client?.room) askToMove(client.room);
  else if (code === "no_such_room") tell(NO_TABLE, anyTable);
  else if (room && TAKEN.has(code)) tell(FULL, () => takeSeat({ watch: room }));
  else tell({ title: "There is no seat", text: sentence(message), button: "Try again" }, () => takeSeat(place));
}

/** @param {Words} words @param {() => void} act what the button does */
function tell(words, act) {
  next = act;
  overlay.tell(words);
}

/** One has a seat, but not at the table that the address names. @param {Room} room */
async function askToMove({ id, game }) {
  const text = `You have a seat in ${id}, where ${game} is played.`;
  const title = "You sit at another table";
  if (await ask({ title, text, yes: "Leave it, and come here", no: "Go back there" })) return move();
  if (game !== GAME) location.href = LOBBY;
  asked = { room: id };
  if (client?.room) joined(client.room);
}

/** A whole new view. @param {Room} room */
function joined(room) {
  if (!isAsked(room)) return;
  overlay.hide();
  element("entrance").hidden = true;
  asked = room.seat === null ? { watch: room.id } : { room: room.id };
  writeAddress(asked);
  table.show(room);
  describe(room);
}

/** @param {string} problem with the name */
function showEntrance(problem) {
  overlay.hide();
  chat.clear();
  element("entrance").hidden = false;
  const invited = asked.room ? "Join this table" : "Play Big Two";
  element("invitation").textContent = asked.watch ? "Watch this table" : invited;
  element("enter-button").textContent = asked.watch ? "Watch" : "Sit down";
  element("name-problem").textContent = problem;
  element("name").focus();
}

/** @param {SubmitEvent} event */
function submitName(event) {
  event.preventDefault();
  const name = element("name").value.trim();
  if (!name) return;
  rememberName(name);
  enter(name);
}

// ------------------------------------------------------------------ at the table

/** @param {string} name @param {Record<string, any>} [args] @returns {Promise<unknown>} */
function send(name, args) {
  return client?.command(name, args) ?? Promise.resolve();
}

/** Takes a free seat, or another one; who watches gives that up for it. @param {number} seat */
async function sit(seat) {
  const room = client?.room;
  if (!client || !room) return;
  if (room.seat === null) await leaveRoom();
  asked = { room: room.id };
  await client.join({ room: room.id, seat }).catch((error) => {
    complain(error);
    if (room.seat === null) takeSeat({ watch: room.id });
  });
}

/** @param {Error} error what went wrong, and no harm done */
function complain({ message }) {
  chat.note(sentence(message));
}

/** Leaves for good, after a question if others would miss one. */
async function toLobby() {
  const room = client?.room;
  const missed = room && room.seat !== null && room.state === "playing";
  const words = { title: "Leave the game?", text: "A bot plays on in your seat, and you can’t come back to it." };
  if (missed && !(await ask({ ...words, yes: "Leave", no: "Stay" }))) return;
  if (room && client?.status.state === "online") await leaveRoom();
  location.href = LOBBY;
}

async function leaveRoom() {
  leaving = true;
  await client?.leave().catch(() => {});
  leaving = false;
}

const COMINGS = new Map([
  ["player_joined", "sits down"],
  ["player_dropped", "has lost the connection"],
  ["player_back", "is back"],
  ["player_left", "has left"],
]);
/** @type {Map<number, string>} who sat where: one who has left is no longer in the room's list */
const names = new Map();

/** @param {GameEvent} event */
function happened({ name, data, seq }) {
  if (name === "said") chat.said(String(data.name ?? ""), String(data.text ?? ""), glazeOf(data.seat));
  const coming = COMINGS.get(name);
  const who = data.name ?? names.get(data.seat);
  if (coming && who && !isBot(who) && data.seat !== client?.room?.seat) chat.note(`${who} ${coming}`);
  table.happened({ name, data, seq });
  if (client?.room) describe(client.room);
}

/** What the bar and the menu tell of a room. @param {Room} room */
function describe(room) {
  names.clear();
  for (const [seat, { name }] of Object.entries(room.players)) names.set(Number(seat), name);
  const { view, state } = room;
  element("about").textContent = state === "waiting" ? "" : `Deal ${view.deal}`;
  element("ranks").textContent = ranksInWords(view.table?.suits);
  element("menu-options").textContent = optionsInWords(room.options).join(" · ");
  element("menu-hash").textContent = view.hash ? `Deal ${view.deal} was settled before it began; its hash is ${view.hash}` : "";
}

/** @param {number} ms */
function showLatency(ms) {
  const latency = element("latency");
  latency.hidden = false;
  latency.textContent = `${Math.round(ms)} ms`;
  latency.className = ms < 90 ? "good" : ms < 220 ? "fair" : "poor";
}

// ------------------------------------------------------------------ the window

function showSettings() {
  element("sound-button").setAttribute("aria-pressed", String(table.settings.get("sound")));
  element("colours").setAttribute("aria-checked", String(table.settings.get("colours") === 4));
}

function toggleSound() {
  table.settings.set("sound", !table.settings.get("sound"));
  table.sounds.sound("turn");
  showSettings();
}

function toggleColours() {
  table.settings.set("colours", table.settings.get("colours") === 4 ? 2 : 4);
  table.colour();
  showSettings();
}

/** Another address was typed, or a link to another table followed. */
function moved() {
  const { room, watch } = placeIn(location.hash);
  if (room !== asked.room || watch !== asked.watch) location.reload();
}

function start() {
  element("enter").addEventListener("submit", submitName);
  element("chat-button").addEventListener("click", () => chat.open());
  element("menu-button").addEventListener("click", () => menu.open(() => client?.token ?? null));
  element("sound-button").addEventListener("click", toggleSound);
  element("colours").addEventListener("click", toggleColours);
  element("lobby").addEventListener("click", (/** @type {Event} */ event) => {
    event.preventDefault();
    toLobby();
  });
  addEventListener("hashchange", moved);
  showSettings();
  element("name").value = recallName();
  if (remembers()) enter();
  else showEntrance("");
}

start();
