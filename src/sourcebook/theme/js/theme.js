// @ts-check
// The theme switch: the reader's choice, remembered; choosing what the system has anyway forgets it.

/** @param {{el: HTMLElement}} part the switch, a button with `aria-pressed` */
export default function mount({ el }) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => el.setAttribute("aria-pressed", String(isDark()));

  const choose = () => {
    const wanted = isDark() ? "light" : "dark";
    const asSystem = wanted === (system.matches ? "dark" : "light");
    if (asSystem) delete root.dataset.theme;
    else root.dataset.theme = wanted;
    try {
      if (asSystem) localStorage.removeItem("theme");
      else localStorage.setItem("theme", wanted);
    } catch { /* storage is off: the choice lasts for this page */ }
    show();
  };

  show();
  el.addEventListener("click", choose);
  system.addEventListener("change", show);
  return () => {
    el.removeEventListener("click", choose);
    system.removeEventListener("change", show);
  };
}
