// @ts-check
/**
 * The lobby's page: what is played here, where there is a seat, and the way to it.
 *
 * For tests and for the curious, `window.gamesrv` is the page's `{ client }`.
 */

import { element } from "./bigtwo/dom.js";
import { Refused } from "./gamesrv.js";
import { Board } from "./lobby/board.js";
import { Desk } from "./lobby/desk.js";
import { showFan } from "./lobby/fan.js";
import { showGames } from "./lobby/games.js";
import { TableForm } from "./lobby/table_form.js";
import { roomInWords, sentence, titleOf } from "./lobby/words.js";
import { GUEST, recallName, rememberName } from "./shared/name.js";
import { addressOf, hasPage } from "./shared/place.js";

/** @typedef {import("./gamesrv.js").RoomInfo} RoomInfo */
/** @typedef {import("./gamesrv.js").Status} Status */
/** @typedef {import("./lobby/table_form.js").Table} Table */

const REPLACED = 4409;
/** Fields that have a place for what is wrong with them. */
const PROBLEMS = new Set(["name", "seat"]);

const board = new Board(element("rooms"), (kind, info) => act(() => goTo(kind, info)));
const form = new TableForm(element("new-table"), (table) => openTable(table));
const desk = new Desk(recallName(), {
  status: (status) => follow(status),
  rooms: (rooms) => showRooms(rooms),
  seat: () => showSeat(),
});

// ------------------------------------------------------------------ what one does

/**
 * One thing at a time; what goes wrong is said where it can be put right.
 * @param {() => Promise<unknown>} todo
 * @param {Element} [where]
 */
async function act(todo, where = element("problem")) {
  if (document.body.classList.contains("busy")) return;
  for (const problem of document.querySelectorAll("body > :not(dialog) .problem")) problem.textContent = "";
  document.body.classList.add("busy");
  await todo().catch((error) => complain(error, where));
  document.body.classList.remove("busy");
}

/** @param {Error} error @param {Element} where */
function complain(error, where) {
  const path = error instanceof Refused ? error.path : null;
  const place = path && PROBLEMS.has(path) ? element(`${path}-problem`) : where;
  place.textContent = sentence(error.message);
  if (path === "name") element("name").focus();
  if (path === "seat") element("go-back").focus();
}

/** The client under the name on the slip. */
async function sign() {
  const name = element("name").value.trim();
  if (!name) throw badName("first write your name here");
  if (name === GUEST) throw badName("those are called so who have no name: choose another");
  free();
  const client = await desk.as(name);
  rememberName(name);
  return client;
}

/** @param {string} message */
function badName(message) {
  return new Refused({ code: "bad_name", message, path: "name" });
}

/** One seat at a time. */
function free() {
  if (!desk.seat) return;
  throw new Refused({ code: "already_in_room", message: "first go back to it, or leave it", path: "seat" });
}

/** @param {string} game */
async function quickMatch(game) {
  await sign();
  desk.leaveFor(addressOf(game));
}

/** @param {"room" | "watch"} kind @param {RoomInfo} info */
async function goTo(kind, { game, room }) {
  if (kind === "room" || element("name").value.trim()) await sign();
  else free();
  desk.leaveFor(addressOf(game, { [kind]: room }));
}

/** Looks in at the door: a code that is wrong is best told here. The desk sees to it that one leaves again. */
async function goByCode() {
  const code = element("code").value.trim();
  if (!code) return element("code").focus();
  const client = await sign();
  const { id, game } = await client.watch(code);
  if (!hasPage(game))
    throw new Error(`${titleOf(game, client.games)} is played there, which has no page here`);
  desk.leaveFor(addressOf(game, { room: id }));
}

/** @param {Table} table */
async function openTable({ options, isPrivate }) {
  const client = await sign();
  const { id, game } = await client.create("bigtwo", options, { private: isPrivate });
  desk.leaveFor(addressOf(game, { room: id }));
}

async function backToSeat() {
  const { seat } = desk;
  if (seat) desk.leaveFor(addressOf(seat.game, { room: seat.id }));
}

async function leaveSeat() {
  await desk.client.leave();
}

// ------------------------------------------------------------------ what one sees

/** @param {Status} status */
function follow(status) {
  const { state } = status;
  if (state === "online") showGames(desk.client.games);
  if (state === "online" && desk.name && !element("name").matches(":focus"))
    element("name").value = desk.name;
  document.body.classList.toggle("offline", state !== "online");
  element("retry").hidden = state !== "waiting" && state !== "closed";
  element("retry").textContent = state === "closed" ? "Come back here" : "Try now";
  element("line").textContent = lineInWords(status);
}

/** @param {Status} status */
function lineInWords(status) {
  if (status.state === "online") return "Live";
  if (status.state === "connecting") return "Connecting …";
  if (status.state === "waiting") return "The server does not answer; trying again soon";
  return status.code === REPLACED ? "You went on elsewhere" : `${status.reason || "Closed"} (${status.code})`;
}

/** @param {RoomInfo[]} rooms */
function showRooms(rooms) {
  board.show(rooms, desk.client.games);
  element("empty").hidden = board.size > 0;
}

function showSeat() {
  const { seat } = desk;
  element("seat").hidden = !seat || document.body.classList.contains("busy");
  element("name").disabled = Boolean(seat);
  if (!seat) return;
  const place = roomInWords(seat.id, seat.game, desk.client.games);
  element("seat-text").textContent = `You have a seat at ${place}. It is kept for you.`;
  element("go-back").hidden = !hasPage(seat.game);
}

function start() {
  showFan(element("fan"));
  element("name").value = recallName();
  /** @type {[string, string, () => Promise<unknown>, string?][]} */
  const acts = [
    ["you", "submit", () => sign().then(() => element("name").blur())],
    ["bigtwo-quick", "click", () => quickMatch("bigtwo")],
    ["arena-quick", "click", () => quickMatch("arena")],
    ["hockey-quick", "click", () => quickMatch("hockey")],
    ["world-quick", "click", () => quickMatch("world")],
    ["bigtwo-new", "click", () => sign().then(() => form.open())],
    ["by-code", "submit", goByCode, "code-problem"],
    ["go-back", "click", backToSeat],
    ["give-up", "click", leaveSeat],
  ];
  for (const [id, event, todo, where] of acts) {
    element(id).addEventListener(event, (/** @type {Event} */ happened) => {
      happened.preventDefault();
      act(todo, where && element(where));
    });
  }
  element("retry").addEventListener("click", () => desk.client.retry());
  addEventListener("pageshow", ({ persisted }) => void (persisted && desk.back()));
}

start();
