// @ts-check
/** A lockstep game's world in this page: the server's own sim.py, run by MicroPython. */

/** @typedef {Record<string, any>} World plain data, as sim.py makes it */
/** @typedef {import("./wire.js").Frame} Frame */
/**
 * engine.py's functions that take JSON, and those that take nothing.
 * @typedef {Record<"load" | "step", (json: string) => void> & {dump: () => string, checksum: () => number}} Engine
 */

const HEAP = 256 * 1024; // bytes; a call takes longer the more there is, a collection comes more often the less

/** MicroPython is there once in a page, and so is the world. @type {Promise<Simulation> | undefined} */
let opened;

/**
 * The simulation of a game. Rejects where something can't be loaded or does not run; the next call tries again.
 * @param {string} game
 * @returns {Promise<Simulation>}
 */
export function openSimulation(game) {
  opened ??= load(game).catch((reason) => {
    opened = undefined;
    throw new Error(`no simulation in this page: ${reason.message}`, { cause: reason });
  });
  return opened;
}

/** @param {string} game */
async function load(game) {
  const [{ loadMicroPython }, sim, engine] = await Promise.all([
    import("../vendor/micropython/micropython.mjs"),
    text(`../rules/${game}/sim.py`),
    text("./engine.py"),
  ]);
  const python = await loadMicroPython({ heapsize: HEAP });
  python.FS.writeFile("sim.py", sim);
  python.FS.writeFile("engine.py", engine);
  const { load, step, dump, checksum, constants } = python.pyimport("engine");
  return new Simulation({ load, step, dump, checksum }, JSON.parse(constants()));
}

/** @param {string} path from here */
async function text(path) {
  const response = await fetch(new URL(path, import.meta.url));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.text();
}

/** One world, changed by frames alone. */
export class Simulation {
  #engine;

  /** @param {Engine} engine @param {Record<string, any>} constants what sim.py has in capitals, by name */
  constructor(engine, constants) {
    this.#engine = engine;
    this.constants = constants;
  }

  /** Goes on from this world. @param {World} world */
  load(world) {
    this.#engine.load(JSON.stringify(world));
  }

  /** One tick. @param {Frame} frame */
  step({ changes, inputs }) {
    this.#engine.step(JSON.stringify([changes, inputs]));
  }

  /** @returns {World} as it is now */
  world() {
    return JSON.parse(this.#engine.dump());
  }

  /** @returns {number} of 32 bits */
  checksum() {
    return this.#engine.checksum() >>> 0;
  }
}
