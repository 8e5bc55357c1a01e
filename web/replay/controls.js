// @ts-check
/** What one presses: play and pause, steps, the bar, speed, whose eyes. */

const STEPS = new Map([["ArrowLeft", -1], ["ArrowRight", 1]]);

/** @typedef {{at: number, kind: "chapter" | "mark", label: string}} Mark at seconds of watching */
/** @typedef {{value: string, label: string}} Choice */
/**
 * @typedef {object} Deeds
 * @property {() => void} toggle
 * @property {(steps: number) => void} move
 * @property {(position: number) => void} seek
 * @property {(speed: number) => void} speed
 * @property {(viewer: string) => void} view
 */
/** @typedef {{playing: boolean, ended: boolean, position: number, length: number, label: string}} Look */

/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id);

export class Controls {
  #toggle = element("toggle");
  #seek = element("seek");
  #now = element("now");
  #whole = element("whole");

  /** @param {Deeds} deeds */
  constructor(deeds) {
    this.deeds = deeds;
    this.#toggle.addEventListener("click", deeds.toggle);
    element("back").addEventListener("click", () => deeds.move(-1));
    element("forward").addEventListener("click", () => deeds.move(1));
    this.#seek.addEventListener("input", () => deeds.seek(Number(this.#seek.value)));
    element("speed").addEventListener("change", () => deeds.speed(Number(element("speed").value)));
    element("viewer").addEventListener("change", () => deeds.view(element("viewer").value));
    addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** @param {Choice[]} choices @param {string} chosen */
  offer(choices, chosen) {
    element("viewer").replaceChildren(...choices.map(({ value, label }) => new Option(label, value)));
    element("viewer").value = chosen;
    element("whose").hidden = choices.length < 2;
  }

  /** @param {Mark[]} marks @param {number} length seconds of watching */
  mark(marks, length) {
    this.#seek.max = length;
    element("marks").replaceChildren(...marks.map((mark) => notch(mark, length)));
  }

  /** @param {Look} look */
  show({ playing, ended, position, length, label }) {
    const name = playing ? "Pause" : ended ? "Play again" : "Play";
    const [now, whole] = [clock(position), clock(length)];
    this.#toggle.dataset.shows = playing ? "pause" : "play";
    if (this.#toggle.ariaLabel !== name) this.#toggle.ariaLabel = this.#toggle.title = name;
    this.#seek.value = position;
    this.#seek.style.setProperty("--done", `${(100 * position) / length}%`);
    if (this.#now.textContent === now) return;
    this.#now.textContent = now;
    this.#whole.textContent = ` / ${whole}`;
    this.#seek.ariaValueText = [label, `${now} of ${whole}`].filter(Boolean).join(", ");
  }

  /** Keys are ours wherever the focus is, but in a list, a field or a dialog. @param {KeyboardEvent} event */
  #pressed(event) {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || isTaken(target, key)) return;
    const step = STEPS.get(key);
    if (step) this.deeds.move(step);
    else if (key === " " || key === "k") this.deeds.toggle();
    else if (key === "Home") this.deeds.seek(0);
    else if (key === "End") this.deeds.seek(Infinity);
    else return;
    event.preventDefault();
  }
}

/** @param {Mark} mark @param {number} length */
function notch({ at, kind, label }, length) {
  const made = document.createElement("i");
  made.className = kind;
  made.title = label;
  made.style.left = `${(100 * at) / length}%`;
  return made;
}

/** @param {EventTarget | null} target @param {string} key */
function isTaken(target, key) {
  if (!(target instanceof Element)) return false;
  if (target.closest("select, dialog[open], input:not([type=range])")) return true;
  return key === " " && target.closest("button, a, summary") !== null;
}

/** @param {number} seconds */
function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
