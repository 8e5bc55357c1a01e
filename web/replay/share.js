// @ts-check
/** The link to what is seen here, to give to others. */

import { shareLine } from "../shared/sharing.js";

/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id);

export class Share {
  #dialog = element("share");
  #here = element("from-here");

  /** @param {() => {game: string, seat: string, t: number}} place what is seen, `t` in seconds of the game */
  constructor(place) {
    this.place = place;
    element("share-button").addEventListener("click", () => this.#open());
    this.#here.addEventListener("change", () => this.#show());
  }

  #open() {
    this.#show();
    this.#dialog.showModal();
  }

  #show() {
    const { game, seat, t } = this.place();
    const asked = new URLSearchParams({ game, seat, ...(this.#here.checked ? { t: String(t) } : {}) });
    const link = new URL(`replay.html?${asked}`, document.baseURI).href;
    element("share-link").replaceChildren(shareLine(link, "Link to this replay", "copy-link"));
  }
}
