// @ts-check
// A figure's tabs stay one open at a time, and its still becomes a live chart when the reader asks for it.
// A figure without a still is drawn at once. If drawing fails, the still (or the table) stays.

/** @typedef {{width: number, height: number}} Size */

const version = new URL(import.meta.url).search;

/** The still on show, or null. @returns {HTMLElement | null} */
const stillOf = (/** @type {HTMLElement} */ el) =>
  [.../** @type {NodeListOf<HTMLElement>} */ (el.querySelectorAll(".still"))].find((still) => still.offsetWidth) ?? null;

/** @param {HTMLElement} el @returns {Size} */
const sizeOf = (el) => ({ width: Number(el.dataset.width), height: Number(el.dataset.height) });

/** Keep one tab open: pressing the open one must not leave an empty figure. */
function holdTabs(/** @type {HTMLElement} */ el) {
  const tabs = /** @type {NodeListOf<HTMLDetailsElement>} */ (el.querySelectorAll(".tab"));
  const onClick = (/** @type {Event} */ event) => {
    const tab = /** @type {Element} */ (event.target).closest?.("summary")?.parentElement;
    if (tab instanceof HTMLDetailsElement && tab.open) event.preventDefault();
  };
  const group = [...tabs].find((tab) => tab.dataset.name);
  if (group) {
    group.open = false;
    group.name = group.dataset.name ?? "";
  }
  tabs.forEach((tab) => tab.addEventListener("click", onClick));
  el.classList.add("figure-ready");
  return () => tabs.forEach((tab) => tab.removeEventListener("click", onClick));
}

/** Draw the live chart over the stage; gives its undo. */
async function draw(/** @type {HTMLElement} */ el, /** @type {HTMLElement} */ stage) {
  const still = stillOf(stage);
  const design = stage.querySelector(".still-680");
  const layer = document.createElement("div");
  layer.className = "live";
  layer.setAttribute("aria-hidden", "true");
  stage.append(layer);
  try {
    const [engine, answer] = await Promise.all([import(`./${el.dataset.engine}.js${version}`), fetch(el.dataset.spec ?? "")]);
    if (!answer.ok) throw new Error(`${answer.status} ${el.dataset.spec}`);
    const data = {
      spec: await answer.json(),
      still: still && sizeOf(still),
      design: design && sizeOf(/** @type {HTMLElement} */ (design)),
    };
    const undo = await engine.default({ el: layer, data });
    stage.classList.add("stage-live");
    return () => {
      stage.classList.remove("stage-live");
      undo();
      layer.remove();
    };
  } catch (error) {
    layer.remove();
    throw error;
  }
}

/** @param {{el: HTMLElement}} part one `.figure` */
export default function mount({ el }) {
  const stage = /** @type {HTMLElement | null} */ (el.querySelector(".stage"));
  const button = /** @type {HTMLButtonElement | null} */ (el.querySelector(".explore"));
  const release = holdTabs(el);
  if (!stage || !el.dataset.spec) return release;

  /** @type {Promise<(() => void) | null> | null} */
  let live = null;
  const start = () => {
    live ??= draw(el, stage).catch((error) => {
      console.warn(`The chart "${el.id}" stays as it is: ${error.message}`);
      if (!stillOf(stage)) fallBack(el);
      return null;
    });
    if (button) live.then((undo) => undo && settle(button));
  };
  const onEnter = (/** @type {PointerEvent} */ event) => event.pointerType === "mouse" && start();

  button?.addEventListener("click", start);
  stage.addEventListener("pointerenter", onEnter);
  stage.addEventListener("click", start);
  const forget = stillOf(stage) ? prefetch(stage, el.dataset.engine ?? "") : (start(), () => {});
  return () => {
    forget();
    release();
    live?.then((undo) => undo?.());
    button?.removeEventListener("click", start);
    stage.removeEventListener("pointerenter", onEnter);
    stage.removeEventListener("click", start);
  };
}

/** Say that the chart is live now; the button keeps its place and the focus. */
function settle(/** @type {HTMLButtonElement} */ button) {
  button.setAttribute("aria-disabled", "true");
  const words = button.querySelector(".explore-words");
  if (words) words.textContent = button.dataset.live ?? "";
}

/** Show the table in place of a chart that cannot be drawn. */
function fallBack(/** @type {HTMLElement} */ el) {
  el.classList.add("figure-failed");
  const table = /** @type {HTMLDetailsElement | null} */ (el.querySelector(".tab-table"));
  if (table) table.open = true;
}

/** Fetch the engine ahead once half of the stage is in view, unless the reader saves data. */
function prefetch(/** @type {HTMLElement} */ stage, /** @type {string} */ engine) {
  // @ts-ignore: not every browser knows `connection`
  if (navigator.connection?.saveData) return () => {};
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    const link = Object.assign(document.createElement("link"), { rel: "prefetch", as: "script" });
    link.href = new URL(`../engines/${engine}.js${version}`, import.meta.url).href;
    document.head.append(link);
  }, { threshold: 0.5 });
  watch.observe(stage);
  return () => watch.disconnect();
}
