// @ts-check
// An embed page: one figure, in the colours that its address asks for. It tells the page around it how tall it is,
// and is complete without this file.

/** @typedef {() => void} Undo */

const version = new URL(import.meta.url).search;

/** Tell the page around this one the height, now and whenever it changes. @returns {Undo} */
function tellHeight(/** @type {HTMLElement} */ root, /** @type {string} */ id) {
  if (parent === window) return () => {};
  let told = 0;
  const watch = new ResizeObserver(() => {
    const height = Math.ceil(root.getBoundingClientRect().height);
    if (height === told) return;
    told = height;
    parent.postMessage({ type: "sourcebook:height", id, height }, "*");
  });
  watch.observe(root);
  return () => watch.disconnect();
}

/** Take the theme that the address asks for: `?theme=dark`. @returns {Undo} */
function chooseTheme(/** @type {HTMLElement} */ root) {
  const wanted = new URLSearchParams(location.search).get("theme") ?? "";
  if (!["dark", "light"].includes(wanted)) return () => {};
  root.dataset.theme = wanted;
  return () => delete root.dataset.theme;
}

/** Make the figure respond; one that has nothing to draw stays its table. @returns {Undo} */
function liven(/** @type {HTMLElement} */ root, /** @type {HTMLElement} */ figure) {
  if (!figure.dataset.engine && !figure.querySelector(".still")) return () => {};
  let left = false;
  /** @type {Undo} */
  let undo = () => {};
  import(`./figure.js${version}`).then(({ default: mount }) => {
    if (left) return;
    root.classList.add("js");
    const rest = mount({ el: figure });
    undo = () => {
      rest();
      root.classList.remove("js");
      if (!root.classList.length) root.removeAttribute("class");
    };
  });
  return () => {
    left = true;
    undo();
  };
}

/** @param {{el: HTMLElement}} part the page's root element @returns {Undo} */
export default function mount({ el }) {
  const figure = /** @type {HTMLElement} */ (el.querySelector(".figure"));
  const undo = [chooseTheme(el), tellHeight(el, figure.id), liven(el, figure)];
  return () => undo.forEach((each) => each());
}

/** Takes everything back. */
export const undo = mount({ el: document.documentElement });
