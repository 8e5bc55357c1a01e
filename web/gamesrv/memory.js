// @ts-check
/** What a session must remember to be resumed, also after the page was loaded again. */

/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} Store */

export class Memory {
  /** @type {string | undefined} */ token;
  /** @type {string | undefined} */ session;
  /** @type {string | undefined} */ name;
  /** Number of the last event seen. */ last = 0;

  /** @param {string} url the server, for a session is worth nothing elsewhere @param {Store} storage */
  constructor(url, storage) {
    this.key = `gamesrv ${url}`;
    this.storage = storage;
    Object.assign(this, this.#read());
  }

  /** Another page of this tab may have gone on with the session: then it knows better. */
  refresh() {
    const kept = this.#read();
    if (kept.token && kept.token !== this.token) Object.assign(this, kept);
  }

  save() {
    const { token, session, name, last } = this;
    if (token) this.storage.setItem(this.key, JSON.stringify({ token, session, name, last }));
  }

  /** Forgets the session, not the name. */
  forget() {
    this.token = this.session = undefined;
    this.last = 0;
    this.storage.removeItem(this.key);
  }

  #read() {
    try {
      return JSON.parse(this.storage.getItem(this.key) ?? "{}");
    } catch {
      return {};
    }
  }
}

/**
 * The tab's own storage, so that two tabs are two players; one that lasts as long as the page where it is
 * barred.
 */
export function tabStorage() {
  try {
    return window.sessionStorage;
  } catch {
    return pageStorage();
  }
}

/** @returns {Store} */
function pageStorage() {
  /** @type {Map<string, string>} */
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}
