// @ts-check
/**
 * One WebSocket from its opening to its end, and whether it still lives. A `Client` goes through many of
 * them.
 */

/** @typedef {{code: number, reason: string, retry: boolean}} Ending why it ended, and whether to come back */
/**
 * @typedef {object} Handlers
 * @property {(link: Link) => void} opened
 * @property {(message: Record<string, any>) => void} heard all but pongs and the closing
 * @property {(t: number, latency: number) => void} ponged the ping of `t` was answered after `latency` ms
 * @property {(ending: Ending) => void} ended once; nothing is heard after it
 */

const SUBPROTOCOL = "gamesrv.v1.json";

const PING_EVERY = 2500; // ms
const ANSWER_WITHIN = 10_000; // ms; a link that owes an answer for longer is dead
const CHECK_EVERY = 250; // ms

const BACKOFF_FIRST = 500; // ms
const BACKOFF_MOST = 30_000; // ms
const PAUSE = 1000; // ms

export const AWAY = 1001;
export const LEFT = 4000;
export const BAD_MESSAGE = 4400;
export const BAD_TOKEN = 4401;
export const RATE_LIMIT = 4429;
const NO_ANSWER = 1006;
const NOT_JSON = 1007;

/** Close codes after which nobody comes back by himself. */
const FINAL = new Set([1000, 1002, 1003, 1007, 1008, 1009, 4000, 4400, 4401, 4403, 4404, 4409, 4410, 4500]);
/** Close codes of a server that should get some rest first. */
const BUSY = new Set([1001, 1011, 1012, 1013, 4001, 4429, 4503]);

/**
 * How long to wait before the next try: full jitter, so that those who were lost together don't come back
 * together.
 * @param {number} attempt tries that failed before
 * @param {number} code the close code
 * @returns {number} ms
 */
export function backoff(attempt, code = NO_ANSWER, random = Math.random) {
  const wait = random() * Math.min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** attempt);
  return BUSY.has(code) ? Math.max(PAUSE, wait) : wait;
}

export class Link {
  /** @type {WebSocket} */ #socket;
  /** @type {Handlers} */ #handlers;
  /** @type {ReturnType<typeof setInterval>} */ #checks;
  #ended = false;
  #newestPing = 0;
  #nextPing = Infinity;
  #answerDue = Infinity;

  /** @param {string} url @param {Handlers} handlers */
  constructor(url, handlers) {
    this.#handlers = handlers;
    this.#socket = new WebSocket(url, SUBPROTOCOL);
    this.#socket.onopen = () => handlers.opened(this);
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onclose = ({ code, reason }) => this.end({ code, reason, retry: !FINAL.has(code) });
    this.#checks = setInterval(() => this.#check(), CHECK_EVERY);
    this.#expectAnswer(ANSWER_WITHIN);
  }

  /** @param {Record<string, any>} message */
  send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /**
   * Asks for a pong; the link is dead if it does not come in time. From the first on, others follow by
   * themselves.
   * @returns {number} when it was asked, as the pong will say
   */
  ping(within = ANSWER_WITHIN) {
    const t = Math.max(performance.now(), this.#newestPing + 0.001); // each pong tells its ping
    this.send({ op: "ping", t });
    this.#newestPing = t;
    this.#nextPing = t + PING_EVERY;
    this.#expectAnswer(within);
    return t;
  }

  /** @param {Ending} ending */
  end(ending) {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#checks);
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    if (ending.code === LEFT) this.#socket.close(LEFT, ending.reason);
    else this.#socket.close();
    this.#handlers.ended(ending);
  }

  /** @param {number} within */
  #expectAnswer(within) {
    this.#answerDue = Math.min(this.#answerDue, performance.now() + within);
  }

  #check() {
    const now = performance.now();
    if (now > this.#answerDue) this.end({ code: NO_ANSWER, reason: "no answer", retry: true });
    else if (now > this.#nextPing) this.ping();
  }

  /** @param {string} data */
  #receive(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return this.end({ code: NOT_JSON, reason: "the server does not speak JSON", retry: false });
    }
    if (message.op === "pong") this.#pong(message.t);
    else if (message.op === "closing") this.#closing(message);
    else this.#handlers.heard(message);
  }

  /** @param {number} t */
  #pong(t) {
    if (t >= this.#newestPing) this.#answerDue = Infinity;
    this.#handlers.ponged(t, performance.now() - t);
  }

  /** @param {Record<string, any>} message */
  #closing({ code, reason, retry }) {
    this.end({ code, reason: reason ?? "", retry: retry ?? !FINAL.has(code) });
  }
}
