// @ts-check
/** A game that was kept, as the server tells it: how it stood after each step, and what happened in it. */

import { Room } from "../gamesrv.js";

/** @typedef {Record<string, any>} Plain */
/** @typedef {import("../gamesrv/room.js").Player} Player */
/** @typedef {{name: string, data: Plain, to: number | null}} Told an event; `to`: for that seat alone */
/** @typedef {number | "watcher" | "all"} Viewer */
/**
 * One moment. `own` is what each seat sees of its own, `events` what has just happened.
 * @typedef {{tick: number, view: Plain, own: Record<string, Plain>, players: Record<string, Player>,
 *   state: "playing" | "over", events: Told[]}} Frame
 */
/**
 * What a game's own page shows of a moment: a `Room` of one who looks on, but for what nobody can do there.
 * `behind` is the seat whose hand one sees, in `mine`; `open` has what all seats see of their own.
 * @typedef {Pick<Room, "id" | "game" | "seat" | "state" | "options" | "seats" | "rate" | "tick" | "view" | "mine"
 *   | "players" | "clock" | "replay"> & {behind: number | null, open: Record<string, Plain> | null}} Scene
 */

export class NoReplay extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * All of a finished game; of one that goes on, what one who looks on may see. Rejects with `NoReplay`.
 * @param {string} id
 */
export async function fetchRecording(id) {
  try {
    return await fetchFor(id, "all");
  } catch (error) {
    if (error instanceof NoReplay && error.code === "not_finished") return fetchFor(id, "watcher");
    throw error;
  }
}

/** @param {string} id @param {Viewer} viewer */
async function fetchFor(id, viewer) {
  const path = `api/replays/${encodeURIComponent(id)}?seat=${viewer}`;
  const answer = await fetch(new URL(path, document.baseURI)).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (!answer || !told) throw new NoReplay("no_answer", "the server can’t be reached");
  if (!answer.ok) throw new NoReplay(told.code, told.message);
  return new Recording(told);
}

export class Recording {
  /** @type {Frame[]} */ frames = [];

  /** @param {Plain} told */
  constructor({ replay, game, at, finished, setting, steps }) {
    /** @type {string} */ this.id = replay;
    /** @type {string} */ this.game = game;
    /** @type {Date} */ this.date = new Date(at * 1000);
    /** @type {boolean} */ this.finished = finished;
    /** @type {{title: string, rate: number, seats: [number, number], options: Plain, players: Record<string, Player>}} */
    this.setting = setting;
    this.#unfold(steps);
  }

  /** How it stands after each step; what has not changed is shared. @param {Plain[]} steps */
  #unfold(steps) {
    const room = new Room({ ...this.setting, game: this.game, room: this.id, seat: null, tick: 0, v: 0 });
    /** @type {Map<string, Room>} */
    const seats = new Map();
    for (const { tick, delta, own = {}, events = [] } of steps) {
      if (delta) room.apply({ tick, v: room.v + 1, delta });
      for (const [seat, mine] of Object.entries(own)) follow(seats, seat).apply({ tick, v: follow(seats, seat).mv + 1, mine });
      const heard = events.map((/** @type {Plain} */ { name, data = {}, to = null }) => ({ name, data, to }));
      for (const event of heard) room.note({ ...event, seq: 0 });
      const mines = Object.fromEntries([...seats].map(([seat, { mine }]) => [seat, mine]));
      const { view, players, state } = room;
      this.frames.push({ tick, view, own: mines, players, state: state === "over" ? "over" : "playing", events: heard });
    }
  }

  /** Seats that saw something of their own. @returns {number[]} */
  get seats() {
    return Object.keys(this.frames.at(-1)?.own ?? {}).map(Number);
  }

  /** Who sat there last. @param {number} seat @returns {string} */
  nameOf(seat) {
    const frame = this.frames.findLast(({ players }) => players[seat]);
    return frame?.players[seat].name ?? `Seat ${seat + 1}`;
  }

  /**
   * A moment as a game's page shows it.
   * @param {Frame} frame
   * @param {Viewer} viewer
   * @param {() => number} clock tells the tick
   * @returns {Scene}
   */
  scene({ tick, view, own, players, state }, viewer, clock) {
    const behind = viewer === "watcher" ? null : viewer === "all" ? (this.seats[0] ?? null) : viewer;
    const mine = behind === null ? {} : (own[behind] ?? {});
    const open = viewer === "all" ? own : null;
    const { options, seats, rate } = this.setting;
    const shown = { id: this.id, game: this.game, seat: null, replay: null, options, seats, rate };
    return { ...shown, state, tick, view, mine, players, clock, behind, open };
  }

  /** What somebody was told at a moment. @param {Frame} frame @param {Viewer} viewer */
  told({ events }, viewer) {
    return events.filter(({ to }) => to === null || viewer === "all" || viewer === to);
  }
}

/** @param {Map<string, Room>} seats @param {string} seat */
function follow(seats, seat) {
  const known = seats.get(seat) ?? new Room({ tick: 0, v: 0, mv: 0 });
  seats.set(seat, known);
  return known;
}
