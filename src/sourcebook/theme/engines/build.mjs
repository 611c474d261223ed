// Makes vega.js, plotly.js and plotly.css, each with its licences beside it. See package.json.
import { readFileSync, writeFileSync, readdirSync, existsSync } from "node:fs";
import { build } from "esbuild";

/** Parts of Vega no page uses (maps, delimited text): they answer with an error if one does. */
const unused = /^(d3-geo|d3-geo-projection|topojson-client|d3-dsv)$/;

const withoutUnused = {
  name: "without-unused",
  setup(builder) {
    builder.onResolve({ filter: unused }, ({ path }) => ({ path, namespace: "unused" }));
    builder.onLoad({ filter: /.*/, namespace: "unused" }, ({ path }) => ({ contents: stub(path), loader: "js" }));
  },
};

const stub = (name) => `
  const absent = () => { throw new Error("${name} is not part of this build"); };
  const chain = () => new Proxy(absent, { get: () => chain() });
  module.exports = new Proxy({}, { get: () => chain() });`;

const licence = (name) => {
  const folder = `node_modules/${name}`;
  const file = existsSync(folder) && readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  return file ? readFileSync(`${folder}/${file}`, "utf8").trim() : "";
};
const grouped = (names, by) => {
  const groups = new Map();
  for (const name of names) groups.set(by(name), [...(groups.get(by(name)) ?? []), name]);
  return groups;
};
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;

async function makeVega() {
  const { metafile } = await build({
    entryPoints: ["vega.entry.mjs"], outfile: "vega.js", bundle: true, minify: true, format: "esm", target: "es2022",
    platform: "browser", legalComments: "none", plugins: [withoutUnused], metafile: true,
    banner: { js: `/* Vega ${version("vega")} and parts, see LICENSE-vega.txt */` },
  });
  const used = Object.entries(metafile.outputs["vega.js"].inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const names = [...new Set(used.map(([path]) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean))].sort();
  const texts = grouped(names, licence);
  const parts = [...texts].map(([text, group]) => `${group.map((name) => `${name} ${version(name)}`).join(", ")}\n\n${text}\n`);
  writeFileSync("LICENSE-vega.txt", parts.join("\n----\n\n"));
}

function makePlotly() {
  const name = "plotly.js-basic-dist-min";
  const source = readFileSync(`node_modules/${name}/plotly-basic.min.js`, "utf8");
  writeFileSync("plotly.js", asModule(source));
  writeFileSync("plotly.css", plotlyRules(source));
  writeFileSync("LICENSE-plotly.txt", `plotly.js ${version(name)} (basic)\n\n${licence(name)}\n`);
}

/** The distribution as an ES module: it sees a CommonJS `module`, we export what it puts there. */
const asModule = (source) =>
  `const module = { exports: {} }, exports = module.exports;\n${withoutTagStyles(source)}\nexport default module.exports;\n`;

/** Raised and lowered text as plotly.js writes it has a style attribute, which the pages' policy refuses: leave it away. */
function withoutTagStyles(source) {
  const styled = 'sup:"font-size:70%",sub:"font-size:70%"';
  if (source.split(styled).length !== 2) throw new Error("plotly.js keeps the styles of its tags elsewhere now");
  return source.replace(styled, 'sup:"",sub:""');
}

/** The rules plotly.js would write into the page at start, without those of its button bar, which we never show. */
function plotlyRules(source) {
  const start = source.indexOf('{"X,X div":');
  const end = source.indexOf("}", start);
  if (start < 0) throw new Error("plotly.js keeps its rules elsewhere now");
  const rules = new Function(`return ${source.slice(start, end + 1)}`)();
  const full = (selector) => selector.replace(/^,/, " ,").replaceAll("X", ".js-plotly-plot .plotly").replaceAll("Y", ".plotly-notifier");
  const needed = Object.entries(rules).filter(([selector]) => !/cloud-dialog|modebar|data-title/.test(selector));
  return needed.map(([selector, body]) => `${full(selector)}{${body}}\n`).join("");
}

await makeVega();
makePlotly();
