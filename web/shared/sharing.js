// @ts-check
/** A link to give to others, and a button that copies it. */

/**
 * @param {string} link
 * @param {string} label for those who listen
 * @param {string} id of the button
 */
export function shareLine(link, label, id) {
  const line = document.createElement("p");
  const shown = document.createElement("input");
  const copy = document.createElement("button");
  line.className = "line share";
  Object.assign(shown, { className: "link", readOnly: true, value: link, ariaLabel: label });
  Object.assign(copy, { id, type: "button", textContent: "Copy link" });
  shown.addEventListener("focus", () => shown.select());
  copy.addEventListener("click", () => copyFrom(shown, copy));
  line.append(shown, copy);
  return line;
}

/** Where the clipboard is barred, the link is selected at least. @param {HTMLInputElement} shown @param {HTMLElement} copy */
async function copyFrom(shown, copy) {
  shown.select();
  try {
    await navigator.clipboard.writeText(shown.value);
    copy.textContent = "Copied";
  } catch {
    copy.textContent = "Selected";
  }
}
