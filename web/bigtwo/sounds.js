// @ts-check
/** Short sounds, made here: wood, a bowl that is tapped. Silent unless one wants them. */

/** @typedef {{pitch: number, length: number, at?: number, loud?: number}} Note `at` and `length` in seconds */

/** @type {Record<string, Note[]>} */
const TUNES = {
  play: [{ pitch: 220, length: 0.09, loud: 0.5 }, { pitch: 660, length: 0.05, loud: 0.25 }],
  pass: [{ pitch: 150, length: 0.12, loud: 0.35 }],
  turn: [{ pitch: 660, length: 0.5 }, { pitch: 990, length: 0.6, at: 0.09, loud: 0.6 }],
  late: [{ pitch: 880, length: 0.12, loud: 0.5 }],
  no: [{ pitch: 130, length: 0.16, loud: 0.5 }],
  end: [
    { pitch: 523, length: 0.5 },
    { pitch: 659, length: 0.5, at: 0.12 },
    { pitch: 784, length: 0.9, at: 0.24 },
  ],
};

export class Sounds {
  /** @type {AudioContext | null} */ #context = null;

  /** @param {import("./settings.js").Settings} settings */
  constructor(settings) {
    this.settings = settings;
  }

  /** @param {string} name */
  sound(name) {
    if (!this.settings.get("sound")) return;
    this.#context ??= new AudioContext();
    for (const note of TUNES[name]) this.#strike(this.#context, note);
  }

  /** @param {AudioContext} context @param {Note} note */
  #strike(context, { pitch, length, at = 0, loud = 1 }) {
    const start = context.currentTime + at;
    const tone = new OscillatorNode(context, { type: "triangle", frequency: pitch });
    const level = new GainNode(context, { gain: 0 });
    level.gain.setValueAtTime(0, start);
    level.gain.linearRampToValueAtTime(0.16 * loud, start + 0.008);
    level.gain.exponentialRampToValueAtTime(0.0005, start + length);
    tone.connect(level).connect(context.destination);
    tone.start(start);
    tone.stop(start + length);
  }
}
