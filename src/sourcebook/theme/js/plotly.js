// @ts-check
// Draws a Plotly figure in the page's own colours and type, and again when the theme changes.

const version = new URL(import.meta.url).search;

/** Gives a colour token (`--red`) as the browser computes it in the theme on show. */
function colours() {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.hidden = true;
  /** @type {Map<string, string>} */
  const known = new Map();
  const colour = (/** @type {string} */ name) => {
    if (!known.has(name)) {
      probe.style.color = `var(${name})`;
      known.set(name, getComputedStyle(probe).color);
    }
    return known.get(name) ?? "";
  };
  return { colour, done: () => probe.remove() };
}

/** A copy of `value` with every `var(--name)` in its strings replaced by its colour. @returns {any} */
function painted(/** @type {any} */ value, /** @type {(name: string) => string} */ colour) {
  if (typeof value === "string") return value.replace(/var\((--[\w-]+)\)/g, (_, name) => colour(name));
  if (Array.isArray(value)) return value.map((each) => painted(each, colour));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, painted(each, colour)]));
}

/** The page's looks, under whatever the figure itself asks for. @returns {any} */
function dressed(/** @type {any} */ layout) {
  const family = getComputedStyle(document.documentElement).getPropertyValue("--sans");
  const axis = { gridcolor: "var(--rule)", linecolor: "var(--grey)", zerolinecolor: "var(--grey)", tickcolor: "var(--grey)" };
  const axes = Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));
  return {
    ...layout,
    ...Object.fromEntries([...new Set(["xaxis", "yaxis", ...axes])].map((key) => [key, { ...axis, ...layout[key] }])),
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { size: 13, color: "var(--ink)", ...layout.font, family },
    hoverlabel: { bgcolor: "var(--ink)", bordercolor: "var(--ink)", ...layout.hoverlabel, font: { color: "var(--bg)", size: 13, family } },
  };
}

/** Plotly's own rules, as a file: it would write them into the page otherwise, which the page's policy forbids. */
function styles() {
  const id = "plotly.js-style-global";
  if (document.getElementById(id)) return Promise.resolve();
  const link = Object.assign(document.createElement("link"), { id, rel: "stylesheet", className: "no-inline-styles" });
  link.href = new URL(`../engines/plotly.css${version}`, import.meta.url).href;
  document.head.append(link);
  return new Promise((resolve) => (link.onload = link.onerror = () => resolve(undefined)));
}

/** @param {{el: HTMLElement, data: any}} part `data` is {spec, size}; without a size it fills its column */
export default async function mount({ el, data }) {
  await styles();
  const { default: Plotly } = await import(`../engines/plotly.js${version}`);
  const size = data.size ?? { width: undefined, autosize: true };

  const render = () => {
    const { colour, done } = colours();
    const layout = painted(dressed({ ...data.spec.layout, ...size }), colour);
    const traces = painted(data.spec.data, colour);
    done();
    return Plotly.react(el, traces, layout, { displayModeBar: false, responsive: !data.size });
  };
  await render();

  const system = matchMedia("(prefers-color-scheme: dark)");
  const theme = new MutationObserver(() => render());
  theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  system.addEventListener("change", render);
  return () => {
    theme.disconnect();
    system.removeEventListener("change", render);
    Plotly.purge(el);
  };
}
