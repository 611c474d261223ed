// @ts-check
// Gives a block of code a button that copies it. Without scripts there is no button, and the code can be marked.

const SAID_FOR_MS = 4000;

/** Copy `text`, which `code` shows; where the browser keeps the clipboard to itself, mark it. @returns {Promise<string>} */
async function copied(/** @type {string} */ text, /** @type {HTMLElement} */ code) {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied";
  } catch {
    getSelection()?.selectAllChildren(code);
    return document.execCommand("copy") ? "Copied" : "Marked: copy it with your keyboard";
  }
}

/** Write the address of a page of this site in full: code for other sites has no use for a relative one. */
function complete(/** @type {HTMLElement} */ el, /** @type {HTMLElement} */ code) {
  const { address } = el.dataset;
  const before = code.textContent ?? "";
  if (!address) return () => {};
  code.textContent = before.replaceAll(`"${address}"`, `"${new URL(address, document.baseURI).href}"`);
  return () => void (code.textContent = before);
}

/** @param {{el: HTMLElement}} part one `.copyable`: a block that holds a `code` */
export default function mount({ el }) {
  const code = /** @type {HTMLElement} */ (el.querySelector("code") ?? el);
  const name = el.closest("details")?.querySelector("summary")?.textContent?.trim();
  const bar = Object.assign(document.createElement("p"), { className: "copy" });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "pill", textContent: "Copy" });
  const status = document.createElement("span");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;

  const onClick = async () => {
    clearTimeout(silence);
    status.textContent = "";
    status.textContent = await copied(code.textContent ?? "", code);
    silence = setTimeout(() => (status.textContent = ""), SAID_FOR_MS);
  };

  const asBefore = complete(el, code);
  status.setAttribute("role", "status");
  if (name) button.setAttribute("aria-label", `Copy: ${name}`);
  button.addEventListener("click", onClick);
  bar.append(button, status);
  el.after(bar);
  return () => {
    clearTimeout(silence);
    bar.remove();
    asBefore();
  };
}
