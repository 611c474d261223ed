// @ts-check
// Mounts the components a page has, each when it is first needed. A page is complete without this file.

/** @typedef {() => void} Undo */
/** @typedef {(part: {el: HTMLElement, data?: any}) => Undo | Promise<Undo>} Mount */

const version = new URL(import.meta.url).search;

/** The `mount` of a component, fetched under the version of this file. @returns {Promise<Mount>} */
const component = async (/** @type {string} */ name) => (await import(`./${name}.js${version}`)).default;

/** Mounts `name` on each element matched, shortly before it scrolls into view. */
function whenNear(/** @type {string} */ selector, /** @type {string} */ name) {
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((each) => each.isIntersecting)) {
      near.unobserve(entry.target);
      component(name).then((mount) => mount({ el: /** @type {HTMLElement} */ (entry.target) }));
    }
  }, { rootMargin: "600px" });
  document.querySelectorAll(selector).forEach((el) => near.observe(el));
}

/** Mounts `name` on the page at the first sign of a reader; a finger gives none before it presses. */
function whenUsed(/** @type {string} */ selector, /** @type {string} */ name) {
  if (!document.querySelector(selector)) return;
  const signs = ["pointerover", "focusin", "keydown"];
  const start = () => {
    signs.forEach((sign) => removeEventListener(sign, start));
    component(name).then((mount) => mount({ el: document.body }));
  };
  if (matchMedia("(any-pointer: coarse)").matches) start();
  else signs.forEach((sign) => addEventListener(sign, start, { passive: true }));
}

const themeSwitch = document.querySelector(".theme-switch");
if (themeSwitch) component("theme").then((mount) => mount({ el: /** @type {HTMLElement} */ (themeSwitch) }));
whenUsed(".fact", "fact");
whenUsed(".menu", "menu");
whenNear(".figure", "figure");
whenNear(".copyable", "copy");
whenNear("table.docutils, .text_html, .highlight pre, .cell_output pre", "scroll");
