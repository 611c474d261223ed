// @ts-check
// Draws a compiled Vega spec as SVG, without `eval`, exactly over its still.

const version = new URL(import.meta.url).search;

/** What a tooltip says, one line per field. @returns {string[]} */
const linesOf = (/** @type {any} */ value) =>
  value === null || typeof value !== "object"
    ? [String(value)]
    : Object.entries(value).map(([name, each]) => (name ? `${name}: ${each}` : String(each)));

/**
 * The size to ask of the view, so that the whole drawing fills `box`: the spec was drawn at `design`, and a plot
 * is as much wider or higher as its drawing.
 */
function resize(/** @type {any} */ view, /** @type {any} */ spec, /** @type {any} */ data, /** @type {DOMRect} */ box) {
  const { still, design } = data;
  const drawn = still && Math.abs(box.width - still.width) > 1 ? still : { width: box.width, height: still?.height };
  if (typeof spec.width === "number") view.width(Math.max(40, spec.width + drawn.width - (design?.width ?? 680)));
  if (typeof spec.height === "number" && design && drawn.height) view.height(spec.height + drawn.height - design.height);
}

/** @param {{el: HTMLElement, data: any}} part `data` is {spec, still, design}; the sizes may be null */
export default async function mount({ el, data }) {
  const { spec } = data;
  const [{ parse, View, expressionInterpreter }, { hideTip, showTip }] = await Promise.all([
    import(`../engines/vega.js${version}`),
    import(`./tooltip.js${version}`),
  ]);
  const view = new View(parse(spec, null, { ast: true }), { expr: expressionInterpreter, renderer: "svg" });

  view.tooltip((/** @type {any} */ _, /** @type {MouseEvent} */ event, /** @type {any} */ item, /** @type {any} */ value) =>
    value === null || value === undefined || value === "" ? hideTip() : showTip(linesOf(value), event));
  view.initialize(el).hover();

  const fit = async () => {
    const box = el.getBoundingClientRect();
    if (!box.width) return;
    resize(view, spec, data, box);
    await view.runAsync();
    const svg = el.querySelector("svg");
    svg?.style.setProperty("inline-size", "100%");
    svg?.style.setProperty("block-size", data.still ? "100%" : "auto");
  };
  await fit();
  let width = el.clientWidth;
  const watch = new ResizeObserver(() => {
    if (Math.abs(el.clientWidth - width) < 1) return;
    width = el.clientWidth;
    fit();
  });
  watch.observe(el);
  return () => {
    watch.disconnect();
    hideTip();
    view.finalize();
  };
}
