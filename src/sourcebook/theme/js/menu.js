// @ts-check
// The contents menu opens and closes by itself; this closes it on Escape and on a press elsewhere.

/** @param {{el: HTMLElement}} part any element that holds the menu */
export default function mount({ el }) {
  const menu = /** @type {HTMLDetailsElement | null} */ (el.querySelector(".menu"));

  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !menu?.open) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  };
  const onPress = (/** @type {Event} */ event) => {
    if (menu?.open && !menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  };

  document.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", onPress);
  return () => {
    document.removeEventListener("keydown", onKey);
    document.removeEventListener("pointerdown", onPress);
  };
}
