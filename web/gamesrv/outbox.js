// @ts-check
/** What one says: now, or as soon as there is a connection; and whether it was taken. */

import { Commands, Questions, Refused, quietly } from "./requests.js";

/** @typedef {import("./link.js").Link} Link */
/** @typedef {import("./requests.js").Plain} Plain */
/** @typedef {import("./requests.js").Settle} Settle */
/** @typedef {{send: (link: Link) => void, reject: Settle["reject"]}} Request */

const MOST_OPEN = 512; // commands unsettled, and requests that wait for a connection

export class Outbox {
  #questions = new Questions();
  #commands = new Commands(MOST_OPEN);
  /** @type {Request[]} what waits for a connection */ #queue = [];
  /** @type {Link | null} greeted */ #link = null;

  /** @param {Plain} message @param {string} answer the `op` that answers it @returns {Promise<any>} */
  ask(message, answer) {
    return this.#soon((link, settle) => {
      this.#questions.add(answer, settle);
      link.send(message);
    });
  }

  /** For what has no answer of its own: a pong tells that it was taken. @param {Plain[]} messages */
  tell(...messages) {
    return this.#soon((link, settle) => {
      for (const message of messages) link.send(message);
      this.#questions.add(link.ping(), settle);
    });
  }

  /** @param {string} name @param {Plain} args */
  command(name, args) {
    return this.#soon((link, settle) => {
      const message = this.#commands.add({ name, args }, settle);
      if (message) link.send(message);
      else settle.reject(tooMany());
    });
  }

  /**
   * There is a connection: says again what may not have arrived, then what waited.
   * @param {Link} link
   * @param {number} handled the newest command that the server has had
   */
  open(link, handled) {
    this.#link = link;
    this.#commands.startAbove(handled);
    for (const message of this.#commands.again()) link.send(message);
    for (const { send } of this.#queue.splice(0)) send(link);
  }

  /** The connection is lost. Commands will be said again, but a question might be answered twice. */
  lost() {
    this.#link = null;
    this.#questions.rejectAll("connection_lost");
  }

  /** The session is lost, and all that was sent in it. */
  forget() {
    this.#commands.rejectAll("session_lost");
  }

  /** There will be no connection. */
  close() {
    this.#commands.rejectAll("closed");
    for (const { reject } of this.#queue.splice(0)) reject(new Refused({ code: "closed" }));
  }

  // ------------------------------------------------------------------ what the server says to it

  /** @param {string} op @param {any} value */
  answer(op, value) {
    this.#questions.answer(op, value);
  }

  /** @param {Refused} why */
  refuse(why) {
    if (why.id === null) this.#questions.refuse(why);
    else this.#commands.refuse(why);
  }

  /** @param {number} t when the ping was sent that was answered */
  ponged(t) {
    this.#questions.ponged(t);
    this.#commands.ponged(t);
  }

  /** @param {(link: Link, settle: Settle) => void} say @returns {Promise<any>} */
  #soon(say) {
    return quietly((settle) => {
      const request = { send: (/** @type {Link} */ link) => say(link, settle), reject: settle.reject };
      if (this.#link) request.send(this.#link);
      else if (this.#queue.length < MOST_OPEN) this.#queue.push(request);
      else request.reject(tooMany());
    });
  }
}

function tooMany() {
  return new Refused({ code: "too_many_waiting" });
}
