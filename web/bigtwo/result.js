// @ts-check
/** What lies on the table after a deal: all hands, the scores, and how to go on. */

import { replayAddress } from "../shared/place.js";
import { shareLine } from "../shared/sharing.js";
import { button, make } from "./dom.js";
import { smallFace } from "./face.js";
import { glazeOf } from "./seats.js";
import { isBot, nameOf, signed } from "./words.js";

/** @typedef {import("../gamesrv.js").Room} Room */
/** @typedef {{ready: (on: boolean) => void, goOn: () => void, toLobby: () => void}} Actions */

/** @param {Room} room @param {Actions} actions @returns {(Node | string)[]} */
export function resultSheet(room, actions) {
  const over = room.state === "over";
  return [
    make("h2", {}, headline(room, over)),
    make("p", { class: "heads small" }, make("span", {}, "deal"), make("span", {}, "in all")),
    make("ol", { class: "hands" }, ...standing(room).map((seat) => row(room, seat))),
    make("p", { class: "line act" }, ...(over ? afterMatch(room, actions) : afterDeal(room, actions))),
    make("p", { class: "small wants" }, over ? whoWants(room) : ""),
    make("div", { class: "more" }, ...share(room), ...allDeals(room), fairness(room)),
  ];
}

/** @param {Room} room @param {boolean} over */
function headline(room, over) {
  const { view, seat } = room;
  const winner = over ? standing(room)[0] : view.out[0];
  const who = winner === seat ? "You win" : `${nameOf(room, winner)} wins`;
  return over ? `${who}${view.deal > 1 ? " the match" : ""}` : `${who} deal ${view.deal}`;
}

/** Seats from the best to the worst. @param {Room} room @returns {number[]} */
function standing({ view: { scores, out } }) {
  const rank = (/** @type {number} */ seat) => (out.includes(seat) ? out.indexOf(seat) : out.length);
  const seats = scores.map((/** @type {number} */ _, /** @type {number} */ seat) => seat);
  return seats.sort((/** @type {number} */ a, /** @type {number} */ b) => scores[b] - scores[a] || rank(a) - rank(b));
}

/** @param {Room} room @param {number} seat */
function row(room, seat) {
  const { view } = room;
  const dot = make("span", { class: "dot" });
  dot.style.background = glazeOf(seat);
  const cards = view.hands?.[seat] ?? [];
  const faces = cards.map((/** @type {number} */ card) => smallFace(card, view.table.suits));
  const left = make("span", { class: "left" }, ...(faces.length ? faces : ["out of cards"]));
  const brought = view.rounds.at(-1)?.[seat] ?? 0;
  return make(
    "li",
    { class: seat === room.seat ? "own" : "" },
    make("span", { class: "name" }, dot, nameOf(room, seat), ...tick(room, seat)),
    left,
    make("span", { class: "brought" }, signed(brought)),
    make("b", { class: "total", "aria-label": `${view.scores[seat]} in all` }, signed(view.scores[seat])),
  );
}

/** For those who want to go on. @param {Room} room @param {number} seat */
function tick({ view, players, state }, seat) {
  const on = state === "over" ? players[seat]?.ready : view.agreed.includes(seat);
  return on ? [make("span", { class: "tick", "aria-label": "is ready" }, " ✓")] : [];
}

/** @param {Room} room @param {Actions} actions */
function afterDeal({ view, seat }, { goOn }) {
  const rest = make("span", { class: "rest" });
  if (seat === null) return ["The next deal comes", rest];
  const agreed = view.agreed.includes(seat);
  return [button(agreed ? "Waiting for the others" : "Next deal", goOn, { id: "next", disabled: agreed }), rest];
}

/** @param {Room} room @param {Actions} actions */
function afterMatch({ seat, players, replay }, { ready, toLobby }) {
  const others = [...watchAgain(replay, seat), button("To the lobby", toLobby, { class: "quiet" })];
  if (seat === null) return others;
  const on = Boolean(players[seat]?.ready);
  return [button(on ? "No, wait" : "Play again", () => ready(!on), { id: "again", class: on ? "quiet" : "" }), ...others];
}

/** @param {string | null} replay @param {number | null} seat */
function watchAgain(replay, seat) {
  if (!replay) return [];
  const href = replayAddress(replay, seat);
  return [make("a", { id: "watch", class: "quiet button", href }, "Watch the replay")];
}

/** For those who were not there. @param {Room} room */
function share({ replay }) {
  if (!replay) return [];
  const link = new URL(replayAddress(replay), document.baseURI).href;
  const words = "Whoever has this link can watch the game, with all hands open.";
  const line = shareLine(link, "Link to the replay", "copy-replay");
  return [make("details", { class: "shared" }, make("summary", {}, "Share the replay"), line, make("p", { class: "small" }, words))];
}

/** @param {Room} room */
function whoWants({ players }) {
  const people = Object.values(players).filter(({ name, ready }) => ready && !isBot(name));
  return people.length ? `Wants to play again: ${people.map(({ name }) => name).join(", ")}` : "";
}

/** @param {Room} room */
function allDeals(room) {
  const { rounds } = room.view;
  if (rounds.length < 2) return [];
  const cells = (/** @type {number[]} */ scores) => scores.map((score) => make("td", {}, signed(score)));
  const names = rounds[0].map((/** @type {number} */ _, /** @type {number} */ seat) => make("th", {}, nameOf(room, seat)));
  const lines = rounds.map((/** @type {number[]} */ scores, /** @type {number} */ at) =>
    make("tr", {}, make("th", {}, `Deal ${at + 1}`), ...cells(scores)),
  );
  const table = make("table", {}, make("tr", {}, make("td"), ...names), ...lines);
  return [make("details", { class: "deals" }, make("summary", {}, "All deals"), table)];
}

/** The deal's seed, whose hash was known before the first card was played. @param {Room} room */
function fairness({ view: { seed, hash, table } }) {
  const players = table.players === 4 ? "" : ` --players ${table.players}`;
  const command = `python -m gamesrv.games.bigtwo.verify ${seed} --hash ${hash}${players}`;
  return make(
    "details",
    { class: "fair" },
    make("summary", {}, "Was it fair?"),
    make("p", {}, "The seed of the shuffle; its hash was told before the first card was played:"),
    make("pre", {}, `seed ${seed}\nhash ${hash}`),
    make("p", {}, "This command says whether the one belongs to the other, and shows the hands it deals:"),
    make("pre", {}, command),
  );
}
