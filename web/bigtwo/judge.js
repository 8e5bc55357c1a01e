// @ts-check
/**
 * The rules of Big Two in the page: the server's own rules.py, run by MicroPython. Both are loaded when they are
 * first asked for. The server judges every move again, so that a page does without where they can't be had.
 */

/** @typedef {Record<string, any>} Plain a map of plain data */
/** @typedef {{legal: number[][], hint: number[] | null, mayPass: boolean}} Outlook legal plays, weakest first */
/** @typedef {Record<"sit" | "look" | "check" | "kind", (json: string) => string>} Python judge.py's functions */

const NOBODY = -1; // instead of a seat or a card
const HEAP = 128 * 1024; // bytes to begin with; a call from JavaScript takes longer the more there is

/** @type {Promise<Judge> | undefined} */
let opened;

/**
 * The one judge of this page. Rejects where something can't be loaded or does not run; the next call tries again.
 * @returns {Promise<Judge>}
 */
export function openJudge() {
  opened ??= load().catch((reason) => {
    opened = undefined;
    throw new Error(`no judge in this page: ${reason.message}`, { cause: reason });
  });
  return opened;
}

async function load() {
  const [{ loadMicroPython }, rules, glue] = await Promise.all([
    import("../vendor/micropython/micropython.mjs"),
    text("../rules/bigtwo/rules.py"),
    text("./judge.py"),
  ]);
  const python = await loadMicroPython({ heapsize: HEAP });
  python.FS.writeFile("rules.py", rules);
  python.FS.writeFile("judge.py", glue);
  const { sit, look, check, kind } = python.pyimport("judge");
  return new Judge({ sit, look, check, kind });
}

/** @param {string} path from here */
async function text(path) {
  const response = await fetch(new URL(path, import.meta.url));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.text();
}

/** Answers for the position last looked at. */
class Judge {
  #python;
  /** @type {Plain | undefined} */ #table;

  /** @param {Python} python */
  constructor(python) {
    this.#python = python;
  }

  /**
   * What a seat may do now.
   * @param {Plain} view a room's `view`: what everyone sees
   * @param {Plain} mine its `mine`: what this seat sees
   * @param {number | null} seat null: one who watches
   * @returns {Outlook}
   */
  look(view, mine, seat) {
    if (view.table && view.table !== this.#table) {
      this.#python.sit(JSON.stringify(view.table));
      this.#table = view.table;
    }
    const { turn = NOBODY, owner = NOBODY, to_beat = 0, passed = [], laid = [], out = [] } = view;
    const { hand = [], need = NOBODY } = mine ?? {};
    const position = { seat: seat ?? NOBODY, hand, turn, owner, need, to_beat, passed, laid, out };
    const { legal, mayPass } = JSON.parse(this.#python.look(JSON.stringify(position)));
    return { legal, hint: legal[0] ?? null, mayPass };
  }

  /**
   * "ok", or the reason why the seat may not play these cards now.
   * @param {number[]} cards
   */
  check(cards) {
    return this.#python.check(JSON.stringify(cards));
  }

  /**
   * The name of what these cards are together, or "none".
   * @param {number[]} cards
   */
  kind(cards) {
    return this.#python.kind(JSON.stringify(cards));
  }
}
