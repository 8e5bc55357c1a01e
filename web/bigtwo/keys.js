// @ts-check
/** The keyboard at the table. */

/**
 * @typedef {object} Deeds
 * @property {(step: number) => void} move
 * @property {(on?: boolean) => void} turn
 * @property {() => void} play
 * @property {() => void} pass
 * @property {() => void} hint
 * @property {() => void} sort
 * @property {() => void} clear
 */

/** @param {Deeds} deeds @param {() => boolean} free whether keys are the table's now */
export function listenToKeys(deeds, free) {
  /** @type {Record<string, () => void>} */
  const acts = {
    ArrowLeft: () => deeds.move(-1),
    ArrowRight: () => deeds.move(1),
    ArrowUp: () => deeds.turn(true),
    ArrowDown: () => deeds.turn(false),
    " ": () => deeds.turn(),
    Enter: deeds.play,
    p: deeds.pass,
    h: deeds.hint,
    s: deeds.sort,
    Escape: deeds.clear,
  };
  addEventListener("keydown", (event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const chord = event.ctrlKey || event.metaKey || event.altKey;
    if (!acts[key] || chord || !free() || isTaken(event.target, key)) return;
    event.preventDefault();
    acts[key]();
  });
}

/** A field takes all keys, a button those that press it. @param {EventTarget | null} target @param {string} key */
function isTaken(target, key) {
  if (!(target instanceof Element)) return false;
  if (target.closest("input, dialog[open]")) return true;
  return (key === " " || key === "Enter") && target.closest("button, a, summary") !== null;
}
