// @ts-check
/** What people say, and who comes and goes. */

const KEPT = 40;
const FRESH = 9000; // ms
const PARTS = `
  <ol id="log" role="log" aria-live="polite"></ol>
  <form id="say" autocomplete="off" hidden>
    <label for="text" class="unseen">Say to everyone</label>
    <input id="text" maxlength="300" placeholder="Say to everyone" enterkeyhint="send" />
  </form>
`;

export class Chat {
  #log;
  #form;
  #input;
  #onSay;

  /** @param {HTMLElement} box its parts are put into @param {(text: string) => void} onSay */
  constructor(box, onSay) {
    box.innerHTML = PARTS;
    const form = /** @type {HTMLFormElement} */ (box.querySelector("form"));
    this.#log = /** @type {HTMLElement} */ (box.querySelector("ol"));
    this.#form = form;
    this.#input = /** @type {HTMLInputElement} */ (form.querySelector("input"));
    this.#onSay = onSay;
    form.addEventListener("submit", (event) => this.#submit(event));
    this.#input.addEventListener("keydown", ({ key }) => void (key === "Escape" && this.close()));
    this.#input.addEventListener("blur", () => this.close());
  }

  open() {
    this.#form.hidden = false;
    this.#log.classList.add("open");
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#input.focus();
  }

  close() {
    if (this.#form.hidden) return;
    this.#form.hidden = true;
    this.#log.classList.remove("open");
  }

  clear() {
    this.#log.replaceChildren();
  }

  /** @param {string} name @param {string} text @param {string} colour */
  said(name, text, colour) {
    const who = document.createElement("b");
    who.textContent = name;
    who.style.color = colour;
    this.#add("said", who, ` ${text}`);
  }

  /** What the room itself tells. @param {string} text */
  note(text) {
    this.#add("note", text);
  }

  /** @param {string} kind @param {(Node | string)[]} content */
  #add(kind, ...content) {
    const line = document.createElement("li");
    line.className = kind;
    line.append(...content);
    this.#log.append(line);
    while (this.#log.children.length > KEPT) this.#log.firstElementChild?.remove();
    this.#log.scrollTop = this.#log.scrollHeight;
    setTimeout(() => line.classList.add("old"), FRESH);
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    const text = this.#input.value.trim();
    if (text) this.#onSay(text);
    this.#input.value = "";
    this.close();
  }
}
