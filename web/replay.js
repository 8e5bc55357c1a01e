// @ts-check
/**
 * The replay page: a game that was kept, drawn by its own page's code (`<game>/replay.js`) and played like a film.
 *
 * For tests and for the curious, `window.replay` is the page's `{ recording, timeline, picture }`.
 */

import { Controls } from "./replay/controls.js";
import { fetchRecording, NoReplay } from "./replay/recording.js";
import { Share } from "./replay/share.js";
import { Timeline } from "./replay/timeline.js";

/** @typedef {import("./replay/controls.js").Mark} Mark */
/** @typedef {import("./replay/recording.js").Frame} Frame */
/** @typedef {import("./replay/recording.js").Recording} Recording */
/** @typedef {import("./replay/recording.js").Scene} Scene */
/** @typedef {import("./replay/recording.js").Told} Told */
/** @typedef {import("./replay/recording.js").Viewer} Viewer */
/**
 * What `open()` of a game's own `replay.js` answers.
 * @typedef {object} Picture
 * @property {(scene: Scene, live: boolean) => void} show live: what is new may be seen to come
 * @property {(event: Told) => void} happened after it was shown
 * @property {(frame: Frame) => {kind: "chapter" | "mark", label: string} | null} mark on the bar
 * @property {(frame: Frame) => number} least seconds that one should see it
 */

/** @type {Record<string, [string, string]>} */
const REASONS = {
  no_such_replay: ["There is no such replay", "The link has a slip in it, or what it leads to is kept no longer."],
  rules_changed: ["The rules have changed", "Since this was played, the game has changed, and would come out differently now."],
  damaged: ["This game is damaged", "Something is missing of what was kept of it."],
  too_long: ["This game is too long", "It can be looked at with the server’s tools, but not here."],
  not_kept: ["There are no replays", "This server does not keep what is played."],
  busy: ["Too many want to watch", "Try again in a moment."],
  no_answer: ["No answer", "The server can’t be reached at the moment."],
};

/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);

class Replay {
  /** @type {Viewer} */ #viewer;
  #last = 0;
  #label = "";

  /** @param {Recording} recording @param {Picture} picture */
  constructor(recording, picture) {
    const { frames, setting } = recording;
    this.recording = recording;
    this.picture = picture;
    const ticks = frames.map(({ tick }) => tick);
    this.timeline = new Timeline(ticks, setting.rate, (index) => picture.least(frames[index]));
    this.#viewer = viewerIn(asked.get("seat"), recording);
    this.controls = new Controls({
      toggle: () => this.toggle(),
      move: (steps) => this.move(steps),
      seek: (position) => this.seek(position),
      speed: (speed) => (this.timeline.speed = speed),
      view: (seat) => this.view(viewerIn(seat, recording)),
    });
    this.marks = this.#marks();
    this.controls.mark(this.marks, this.timeline.length);
    this.controls.offer(choices(recording), String(this.#viewer));
    new Share(() => this.#place());
    const tick = Math.round(Number(asked.get("t")) * setting.rate);
    if (tick > 0) this.timeline.seekTick(tick);
    this.#draw(false);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.toggle();
    requestAnimationFrame((now) => this.#beat(now));
  }

  toggle() {
    if (this.timeline.ended) this.seek(0);
    this.timeline.playing = !this.timeline.playing;
    this.#control();
  }

  /** @param {number} steps */
  move(steps) {
    this.timeline.playing = false;
    this.timeline.move(steps);
    this.#draw(steps > 0);
  }

  /** @param {number} position */
  seek(position) {
    this.timeline.seek(position);
    this.#draw(false);
  }

  /** @param {Viewer} viewer */
  view(viewer) {
    this.#viewer = viewer;
    asked.set("seat", String(viewer));
    history.replaceState(null, "", `?${asked}`);
    this.#draw(false);
  }

  /** @param {number} now ms */
  #beat(now) {
    const passed = Math.min(0.1, (now - this.#last) / 1000); // a page that slept does not catch up
    this.#last = now;
    if (this.timeline.playing) this.#play(passed);
    requestAnimationFrame((next) => this.#beat(next));
  }

  /** @param {number} seconds */
  #play(seconds) {
    for (const index of this.timeline.advance(seconds)) this.#show(index, true);
    if (this.timeline.ended) this.timeline.playing = false;
    this.#control();
  }

  /** @param {boolean} live */
  #draw(live) {
    this.#show(this.timeline.index, live);
    this.#control();
  }

  /** @param {number} index @param {boolean} live */
  #show(index, live) {
    const frame = this.recording.frames[index];
    this.picture.show(this.recording.scene(frame, this.#viewer, () => this.timeline.tick), live);
    if (live) for (const event of this.recording.told(frame, this.#viewer)) this.picture.happened(event);
  }

  #control() {
    const { playing, ended, position, length } = this.timeline;
    const label = this.marks.findLast(({ kind, at }) => kind === "chapter" && at <= position)?.label ?? "";
    this.controls.show({ playing, ended, position, length, label });
    if (label === this.#label) return;
    this.#label = label;
    element("chapter").textContent = label;
  }

  /** What a link leads to; `t` is in seconds of the game. */
  #place() {
    const t = Math.round(this.timeline.tick) / this.recording.setting.rate;
    return { game: this.recording.id, seat: String(this.#viewer), t };
  }

  /** @returns {Mark[]} */
  #marks() {
    return this.recording.frames.flatMap((frame, index) => {
      const mark = this.picture.mark(frame);
      return mark ? [{ ...mark, at: this.timeline.at(index) }] : [];
    });
  }
}

/** @param {string | null} seat @param {Recording} recording @returns {Viewer} */
function viewerIn(seat, { finished, seats }) {
  if (!finished || seat === "watcher") return "watcher";
  return seat && seats.includes(Number(seat)) ? Number(seat) : seats.length ? "all" : "watcher";
}

/** @param {Recording} recording */
function choices(recording) {
  const seats = recording.seats.map((seat) => ({ value: String(seat), label: recording.nameOf(seat) }));
  const all = seats.length ? [{ value: "all", label: "All hands" }] : [];
  return [...all, ...seats, { value: "watcher", label: "A watcher" }];
}

/** @param {string} title @param {string} text */
function tell(title, text) {
  element("notice").hidden = false;
  element("notice-title").textContent = title;
  element("notice-text").textContent = text;
}

/** @param {unknown} error */
function tellWhy(error) {
  if (!(error instanceof NoReplay)) throw error;
  const [title, text] = REASONS[error.code] ?? ["There is no replay", `${error.message}.`];
  tell(title, text);
  element("retry").hidden = !["busy", "no_answer", "store_failed"].includes(error.code);
}

/** @param {Recording} recording */
function describe({ setting, date, finished }) {
  document.title = `${setting.title} replay`;
  element("title").textContent = setting.title;
  const day = date.toLocaleDateString(undefined, { dateStyle: "medium" });
  element("about").textContent = finished ? day : "Still going on";
}

/** Code of a game's own. @param {string} game */
async function pictureOf(game) {
  if (!/^[a-z_][a-z0-9_]*$/.test(game)) return null;
  const there = await fetch(new URL(`${game}/replay.js`, document.baseURI), { method: "HEAD" });
  return there.ok ? import(new URL(`${game}/replay.js`, document.baseURI).href) : null;
}

async function start() {
  element("retry").addEventListener("click", () => location.reload());
  const recording = await fetchRecording(asked.get("game") ?? "");
  describe(recording);
  const module = await pictureOf(recording.game);
  if (!module) return tell("There is no picture", `Replays of ${recording.setting.title} can’t be shown in a browser yet.`);
  const picture = await module.open(element("player"));
  document.body.classList.add("ready");
  element("player").hidden = false;
  Object.assign(window, { replay: new Replay(recording, picture) });
}

start().catch(tellWhy);
