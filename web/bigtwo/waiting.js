// @ts-check
/** What lies on the table before the game: who is there, the link for friends, the options, the start. */

import { shareLine } from "../shared/sharing.js";
import { shareLink } from "./address.js";
import { button, make } from "./dom.js";
import { optionsInWords } from "./options.js";
import { seatsOf } from "./seats.js";
import { counted } from "./words.js";

/** @typedef {import("../gamesrv.js").Room} Room */
/** @typedef {{ready: (on: boolean) => void}} Actions */

/** @param {Room} room @param {Actions} actions @returns {(Node | string)[]} */
export function waitingSheet(room, actions) {
  const here = Object.keys(room.players).length;
  const missing = seatsOf(room) - here;
  const title = missing ? `Waiting for ${counted(missing, "player")}` : "All seats are taken";
  return [
    make("h2", {}, title),
    ...invitation(room),
    make("p", { class: "options" }, optionsInWords(room.options).join(" · ")),
    ...start(room, missing, actions),
  ];
}

/** @param {Room} room */
function invitation(room) {
  const parts = [shareLine(shareLink(room.id), "Link to this table", "copy-link")];
  if (room.private) parts.unshift(make("p", { class: "code" }, "Code ", make("b", {}, room.id)));
  return parts;
}

/** @param {Room} room @param {number} missing @param {Actions} actions */
function start(room, missing, { ready }) {
  if (room.seat === null) return [make("p", { class: "small" }, "You are watching. Take a free seat to play.")];
  const on = Boolean(room.players[room.seat]?.ready);
  const text = on ? "Not yet" : missing ? "Start with bots" : "Start";
  return [
    make("p", { class: "line" }, button(text, () => ready(!on), { id: "start", class: on ? "quiet" : "" })),
    make("p", { class: "small" }, on ? others(room) : hint(room, missing)),
  ];
}

/** @param {Room} room */
function others({ players }) {
  const waited = Object.values(players).filter(({ ready, away }) => !ready && !away);
  return waited.length ? `Waiting for ${waited.map(({ name }) => name).join(", ")} to say so too.` : "Here they come …";
}

/** @param {Room} room @param {number} missing */
function hint(room, missing) {
  const full = missing ? "It begins by itself when all seats are taken." : "";
  return room.private ? full : `${full} Bots come after a while.`;
}
