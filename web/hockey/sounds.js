// @ts-check
/** A knock, a bang, a horn: made here, and silent unless one wants them. */

/** @typedef {import("./scene.js").Happening} Happening */
/** @typedef {{type: OscillatorType, from: number, to: number, length: number, loud: number, at?: number}} Tone Hz, s */

const KEY = "hockey sound";

/** @type {Record<Happening["kind"], Tone[]>} */
const TONES = {
  hit: [{ type: "triangle", from: 520, to: 180, length: 0.09, loud: 0.5 }],
  wall: [{ type: "sine", from: 240, to: 120, length: 0.07, loud: 0.35 }],
  dash: [{ type: "sine", from: 160, to: 420, length: 0.12, loud: 0.1 }],
  "face-off": [],
  serve: [{ type: "square", from: 1180, to: 1180, length: 0.18, loud: 0.12 }],
  goal: [
    { type: "sawtooth", from: 233, to: 233, length: 0.7, loud: 0.2 },
    { type: "sawtooth", from: 294, to: 294, length: 0.7, loud: 0.16 },
  ],
  won: [
    { type: "triangle", from: 523, to: 523, length: 0.3, loud: 0.5 },
    { type: "triangle", from: 659, to: 659, length: 0.3, loud: 0.5, at: 0.16 },
    { type: "triangle", from: 784, to: 784, length: 0.8, loud: 0.5, at: 0.32 },
  ],
};

export class Sounds {
  /** @type {AudioContext | null} */ #context = null;
  on = false;

  constructor() {
    try {
      this.on = localStorage.getItem(KEY) === "on";
    } catch {
      // Where storage is barred, each visit begins in silence.
    }
  }

  toggle() {
    this.on = !this.on;
    try {
      localStorage.setItem(KEY, this.on ? "on" : "off");
    } catch {
      // Then it lasts as long as the page.
    }
  }

  /** @param {Happening} what */
  play({ kind, force }) {
    if (!this.on) return;
    this.#context ??= new AudioContext();
    for (const tone of TONES[kind]) this.#sound(this.#context, tone, 0.25 + 0.75 * force);
  }

  /** @param {AudioContext} context @param {Tone} tone @param {number} force */
  #sound(context, { type, from, to, length, loud, at = 0 }, force) {
    const start = context.currentTime + at;
    const tone = new OscillatorNode(context, { type, frequency: from });
    const level = new GainNode(context, { gain: 0 });
    tone.frequency.exponentialRampToValueAtTime(to, start + length);
    level.gain.setValueAtTime(0, start);
    level.gain.linearRampToValueAtTime(0.35 * loud * force, start + 0.005);
    level.gain.exponentialRampToValueAtTime(0.0005, start + length);
    tone.connect(level).connect(context.destination);
    tone.start(start);
    tone.stop(start + length);
  }
}
