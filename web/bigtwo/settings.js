// @ts-check
/** How one likes one's table; kept on this device. */

const KEY = "bigtwo settings";

/** @typedef {{order: "rank" | "suit", sound: boolean, colours: 2 | 4}} Choices */

export class Settings {
  /** @type {Choices} */ #choices = { order: "rank", sound: false, colours: 4 };

  constructor() {
    try {
      Object.assign(this.#choices, JSON.parse(localStorage.getItem(KEY) ?? "{}"));
    } catch {
      // Where storage is barred, or holds something else, it is as at first.
    }
  }

  /** @template {keyof Choices} K @param {K} name @returns {Choices[K]} */
  get(name) {
    return this.#choices[name];
  }

  /** @template {keyof Choices} K @param {K} name @param {Choices[K]} value */
  set(name, value) {
    this.#choices[name] = value;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#choices));
    } catch {
      // Then it lasts as long as the page.
    }
  }
}
