// @ts-check
// A figure keeps one tab open, lets its values be read off its still, and becomes live when the reader asks for it.
// Nothing is fetched before: a figure is complete as it stands.

/** @typedef {() => void} Undo */

const version = new URL(import.meta.url).search;

/** The `mount` of a part, fetched under the version of this file. */
const part = async (/** @type {string} */ name) => (await import(`./${name}.js${version}`)).default;

/** Keep one tab open: pressing the open one must not leave an empty figure. @returns {Undo} */
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
  return () => {
    tabs.forEach((tab) => tab.removeEventListener("click", onClick));
    el.classList.remove("figure-ready");
    if (group) {
      group.removeAttribute("name");
      group.open = true;
    }
  };
}

/** Let the values be read as soon as somebody points at the stage or tabs to it. @returns {Undo} */
function offerReading(/** @type {HTMLElement} */ el, /** @type {HTMLElement} */ stage) {
  const input = /** @type {HTMLInputElement | null} */ (stage.querySelector(".reading"));
  if (!input) return () => {};
  const signs = ["pointerover", "pointerdown", "focusin"];
  /** @type {Promise<Undo> | null} */
  let reading = null;
  const start = (/** @type {Event} */ event) => {
    signs.forEach((sign) => stage.removeEventListener(sign, start));
    reading ??= part("reading").then((mount) => mount({ el, data: event }));
  };
  signs.forEach((sign) => stage.addEventListener(sign, start));
  input.hidden = false;
  return () => {
    signs.forEach((sign) => stage.removeEventListener(sign, start));
    reading?.then((undo) => undo());
    input.hidden = true;
  };
}

/** Start the chart's own library on a sign of interest; a figure without a still starts it at once. @returns {Undo} */
function offerLive(/** @type {HTMLElement} */ el, /** @type {HTMLElement} */ stage) {
  if (!el.dataset.engine) return () => {};
  const button = /** @type {HTMLButtonElement | null} */ (el.querySelector(".explore"));
  /** @type {Promise<Undo> | null} */
  let live = null;
  const start = () => {
    live ??= part("live").then((mount) => mount({ el }));
  };
  const onEnter = (/** @type {PointerEvent} */ event) => event.pointerType === "mouse" && start();
  button?.addEventListener("click", start);
  stage.addEventListener("pointerenter", onEnter);
  stage.addEventListener("click", start);
  const forget = stage.querySelector(".still") ? fetchAhead(stage, el.dataset.engine) : (start(), () => {});
  return () => {
    forget();
    live?.then((undo) => undo());
    button?.removeEventListener("click", start);
    stage.removeEventListener("pointerenter", onEnter);
    stage.removeEventListener("click", start);
  };
}

/** Fetch the library ahead once half of the stage is in view, unless the reader saves data. @returns {Undo} */
function fetchAhead(/** @type {HTMLElement} */ stage, /** @type {string} */ engine) {
  // @ts-ignore: not every browser knows `connection`
  if (navigator.connection?.saveData) return () => {};
  const link = Object.assign(document.createElement("link"), { rel: "prefetch", as: "script" });
  link.href = new URL(`../engines/${engine}.js${version}`, import.meta.url).href;
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    document.head.append(link);
  }, { threshold: 0.5 });
  watch.observe(stage);
  return () => {
    watch.disconnect();
    link.remove();
  };
}

/** @param {{el: HTMLElement}} part one `.figure` @returns {Undo} */
export default function mount({ el }) {
  const stage = /** @type {HTMLElement | null} */ (el.querySelector(".stage"));
  const undo = [holdTabs(el), ...(stage ? [offerReading(el, stage), offerLive(el, stage)] : [])];
  return () => undo.forEach((each) => each());
}
