// @ts-check
// Draws the live chart of a figure in a layer of exactly its still's size, then hides the still. If that fails, the
// still stays and the page says nothing; where there is no still, the table is opened.

/** @typedef {() => void} Undo */

const version = new URL(import.meta.url).search;

/** The still on show, or null. @returns {HTMLElement | null} */
const stillOf = (/** @type {HTMLElement} */ stage) =>
  [.../** @type {NodeListOf<HTMLElement>} */ (stage.querySelectorAll(".still"))].find((still) => still.offsetWidth) ?? null;

/** Lay the layer over the still: drawn at the still's own size, scaled as the still is. */
function cover(/** @type {HTMLElement} */ layer, /** @type {HTMLElement} */ still) {
  const [width, height] = [Number(still.dataset.width), Number(still.dataset.height)];
  layer.style.width = `${width}px`;
  layer.style.height = `${height}px`;
  layer.style.transform = `scale(${still.offsetWidth / width})`;
  return { width, height };
}

/** Draw over one still; gives its undo. @returns {Promise<Undo>} */
async function draw(/** @type {HTMLElement} */ el, /** @type {HTMLElement} */ stage, /** @type {HTMLElement | null} */ still) {
  const layer = document.createElement("div");
  layer.className = "live";
  layer.setAttribute("aria-hidden", "true");
  stage.append(layer);
  try {
    const address = (still ?? stage).dataset.spec ?? "";
    const [engine, answer] = await Promise.all([import(`./${el.dataset.engine}.js${version}`), fetch(address)]);
    if (!answer.ok) throw new Error(`${answer.status} ${address}`);
    const size = still && cover(layer, still);
    const undo = await engine.default({ el: layer, data: { spec: await answer.json(), size } });
    stage.classList.add("stage-live");
    return () => {
      stage.classList.remove("stage-live");
      if (!stage.classList.length) stage.removeAttribute("class");
      undo();
      layer.remove();
    };
  } catch (error) {
    layer.remove();
    throw error;
  }
}

/** Say that the chart is live now; the button keeps its place and the focus. @returns {Undo} */
function settle(/** @type {HTMLButtonElement | null} */ button) {
  const words = button?.querySelector(".explore-words");
  const before = words?.textContent ?? "";
  button?.setAttribute("aria-disabled", "true");
  if (words) words.textContent = button?.dataset.live ?? "";
  return () => {
    button?.removeAttribute("aria-disabled");
    if (words) words.textContent = before;
  };
}

/** Show the table in place of a chart that cannot be drawn. */
function fallBack(/** @type {HTMLElement} */ el) {
  el.classList.add("figure-failed");
  const table = /** @type {HTMLDetailsElement | null} */ (el.querySelector(".tab-table"));
  if (table) table.open = true;
}

/** @param {{el: HTMLElement}} part one `.figure` @returns {Promise<Undo>} */
export default async function mount({ el }) {
  const stage = /** @type {HTMLElement} */ (el.querySelector(".stage"));
  let still = stillOf(stage);
  /** @type {Undo[]} */
  let undo = [];
  const done = () => undo.splice(0).forEach((each) => each());
  const render = async () => {
    try {
      undo.push(await draw(el, stage, still));
      undo.push(settle(el.querySelector(".explore")));
    } catch (error) {
      console.warn(`The chart "${el.id}" stays as it is: ${error instanceof Error ? error.message : error}`);
      if (!still) fallBack(el);
    }
  };
  await render();

  const watch = new ResizeObserver(() => {
    const now = stillOf(stage);
    const layer = /** @type {HTMLElement | null} */ (stage.querySelector(".live"));
    if (!now || !layer) return;
    if (now === still) return void cover(layer, now);
    still = now;
    done();
    render();
  });
  watch.observe(stage);
  return () => {
    watch.disconnect();
    done();
  };
}
