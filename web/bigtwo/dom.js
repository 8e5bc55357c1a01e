// @ts-check
/** Small helpers to build and to find parts of the page. Text is always text, whoever wrote it. */

/** @param {string} id @returns {any} an element of the page, which knows what it is */
export const element = (id) => document.getElementById(id);

/**
 * An element with attributes and children; strings become text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean>} [attributes] true stands alone, false is left out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/**
 * A button that does something.
 * @param {string} text
 * @param {() => void} act
 * @param {Record<string, string | number | boolean>} [attributes]
 */
export function button(text, act, attributes = {}) {
  const made = make("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

/** Whether things should rather not move. */
export function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * Lets an element come from where something else is, or was.
 * @param {Element} moved
 * @param {DOMRect | undefined} from
 * @param {number} [delay] ms
 */
export function fly(moved, from, delay = 0) {
  if (!from || still()) return;
  const to = moved.getBoundingClientRect();
  const x = from.left + from.width / 2 - to.left - to.width / 2;
  const y = from.top + from.height / 2 - to.top - to.height / 2;
  const size = Math.min(1.4, Math.max(0.3, from.width / (to.width || 1)));
  const frames = [{ transform: `translate(${x}px, ${y}px) scale(${size})` }, { transform: "none" }];
  moved.animate(frames, { duration: 230, delay, easing: "cubic-bezier(.2, .7, .3, 1)", fill: "backwards" });
}
