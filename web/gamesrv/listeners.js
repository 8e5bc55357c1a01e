// @ts-check
/** Who listens to what. */

export class Listeners {
  /** @type {Map<string, Set<Function>>} */ #byName = new Map();

  /**
   * @param {string} name
   * @param {Function} listener
   * @returns {() => void} call it to listen no more
   */
  add(name, listener) {
    const listeners = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /**
   * A listener that throws is reported, and disturbs nobody else.
   * @param {string} name
   * @param {any} detail
   */
  tell(name, detail) {
    for (const listener of [...(this.#byName.get(name) ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        reportError(error);
      }
    }
  }
}
