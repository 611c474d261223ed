// @ts-check
// The one tooltip all charts share: plain lines beside the pointer, inside the window, gone on Escape.

/** @type {HTMLElement | null} */
let tip = null;

const onKey = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && hideTip();

/** Show `lines` beside the pointer. @param {string[]} lines @param {{clientX: number, clientY: number}} at */
export function showTip(lines, at) {
  if (!tip) {
    tip = document.createElement("div");
    tip.className = "tooltip";
    tip.setAttribute("aria-hidden", "true");
    document.body.append(tip);
    document.addEventListener("keydown", onKey);
  }
  tip.replaceChildren(...lines.map((line) => Object.assign(document.createElement("div"), { textContent: line })));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const room = document.documentElement.clientWidth;
  const left = Math.max(8, Math.min(at.clientX + 14, room - width - 8));
  const below = Math.min(at.clientY + 18, innerHeight - height - 8);
  const top = at.clientY - height - 14 < 8 ? Math.max(8, below) : at.clientY - height - 14;
  tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

/** Hide it. */
export function hideTip() {
  if (tip) tip.hidden = true;
}
