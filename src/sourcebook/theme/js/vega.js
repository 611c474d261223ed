// @ts-check
// Draws a compiled Vega spec as SVG, without `eval`.

const version = new URL(import.meta.url).search;

/** What a tooltip says, one line per field; names that begin with "_" are not for readers. @returns {string[]} */
const linesOf = (/** @type {any} */ value) =>
  value === null || typeof value !== "object"
    ? [String(value)]
    : Object.entries(value).filter(([name]) => !name.startsWith("_")).map(([name, each]) => (name ? `${name}: ${each}` : String(each)));

/** @param {{el: HTMLElement, data: any}} part `data` is {spec, size}; without a size the drawing fills its column */
export default async function mount({ el, data }) {
  const [{ parse, View, expressionInterpreter }, { hideTip, showTip }] = await Promise.all([
    import(`../engines/vega.js${version}`),
    import(`./tooltip.js${version}`),
  ]);
  const view = new View(parse(data.spec, null, { ast: true }), { expr: expressionInterpreter, renderer: "svg" });

  view.tooltip((/** @type {any} */ _, /** @type {MouseEvent} */ event, /** @type {any} */ item, /** @type {any} */ value) =>
    value === null || value === undefined || value === "" ? hideTip() : showTip(linesOf(value), event));
  await view.initialize(el).hover().runAsync();
  const svg = el.querySelector("svg");
  if (!data.size) {
    svg?.style.setProperty("inline-size", "100%");
    svg?.style.setProperty("block-size", "auto");
  }
  return () => {
    hideTip();
    view.finalize();
  };
}
