// @ts-check
/** What was said and is not settled yet: questions by their order, commands by their ids. */

/** @typedef {Record<string, any>} Plain */
/** @typedef {{code: string, message?: string, path?: string | null, id?: number | null}} Refusal */
/** @typedef {{resolve: (value: any) => void, reject: (why: Refused) => void}} Settle */

/** The server said no, or it could not be asked. `code` is for programs, `message` for people. */
export class Refused extends Error {
  /** @param {Refusal} refusal */
  constructor({ code, message, path, id }) {
    super(message || code.replaceAll("_", " "));
    this.name = "Refused";
    this.code = code;
    this.path = path ?? null;
    this.id = id ?? null;
  }
}

/**
 * A promise that may be ignored: a rejection nobody waits for is no error of the page.
 * @param {(settle: Settle) => void} start
 * @returns {Promise<any>}
 */
export function quietly(start) {
  const promise = new Promise((resolve, reject) => start({ resolve, reject }));
  promise.catch(() => {});
  return promise;
}

/** What was said without an id: the server answers in order. */
export class Questions {
  /** @type {(Settle & {answer: string | number})[]} */ #open = [];

  /**
   * @param {string | number} answer the `op` that answers it; or, where there is none, the time of a ping
   *   that was sent right after it
   * @param {Settle} settle
   */
  add(answer, settle) {
    this.#open.push({ answer, ...settle });
  }

  /** @param {string} op @param {any} value */
  answer(op, value) {
    const index = this.#open.findIndex(({ answer }) => answer === op);
    if (index >= 0) this.#open.splice(index, 1)[0].resolve(value);
  }

  /** The ping of that time was answered: what has no answer of its own was taken. @param {number} t */
  ponged(t) {
    const taken = this.#open.filter(({ answer }) => typeof answer === "number" && answer <= t);
    this.#open = this.#open.filter((question) => !taken.includes(question));
    for (const { resolve } of taken) resolve(null);
  }

  /** @param {Refused} why */
  refuse(why) {
    this.#open.shift()?.reject(why);
  }

  /** @param {string} code */
  rejectAll(code) {
    for (const { reject } of this.#open.splice(0)) reject(new Refused({ code }));
  }
}

const SETTLED_AFTER = 1000; // ms; a real-time room says no at its next tick, and not later

/** Commands that the server may not have taken yet. It takes each id once: any of them can be said again. */
export class Commands {
  /** @type {Map<number, Settle & {message: Plain, at: number}>} */ #sent = new Map();
  #newest = 0;

  /** @param {number} most how many may be unsettled */
  constructor(most) {
    this.most = most;
  }

  /**
   * @param {{name: string, args: Plain}} command
   * @param {Settle} settle
   * @returns {Plain | null} the message to send; null where too many are unsettled
   */
  add({ name, args }, settle) {
    if (this.#sent.size >= this.most) return null;
    const message = { op: "cmd", id: ++this.#newest, name, args };
    this.#sent.set(message.id, { message, at: performance.now(), ...settle });
    return message;
  }

  /** The messages to send again after a reconnect. @returns {Plain[]} */
  again() {
    const at = performance.now();
    for (const command of this.#sent.values()) command.at = at;
    return [...this.#sent.values()].map(({ message }) => message);
  }

  /** The next ids are above what the server has had. @param {number} handled */
  startAbove(handled) {
    this.#newest = Math.max(this.#newest, handled);
  }

  /** @param {Refused} why */
  refuse(why) {
    if (why.id === null) return;
    this.#sent.get(why.id)?.reject(why);
    this.#sent.delete(why.id);
  }

  /**
   * The ping of that time was answered: what was sent well before it can't be refused any more.
   * @param {number} t
   */
  ponged(t) {
    for (const [id, { at, resolve }] of this.#sent) {
      if (at > t - SETTLED_AFTER) break;
      this.#sent.delete(id);
      resolve(null);
    }
  }

  /** @param {string} code */
  rejectAll(code) {
    for (const { reject } of this.#sent.values()) reject(new Refused({ code }));
    this.#sent.clear();
  }
}
