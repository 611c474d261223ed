// What the live charts of a page need of Vega: the parser, the view with its SVG renderer, the interpreter that
// replaces `eval`, and the transforms that Vega-Lite writes for bars, lines, dots, areas, arcs and text.
import { transforms } from "vega-dataflow";
import {
  aggregate, bin, collect, compare, countpattern, cross, density, dotbin, expression, extent, facet, field, filter, flatten,
  fold, formula, generate, impute, joinaggregate, kde, key, load, multiextent, multivalues, params, pivot, prefacet,
  project, proxy, quantile, relay, sample, sequence, sieve, subflow, timeunit, tupleindex, values, window,
} from "vega-transforms";
import { bound, identifier, mark, overlap, render, viewlayout } from "vega-view-transforms";
import {
  axisticks, datajoin, encode, legendentries, linkpath, pie, scale, sortitems, stack,
} from "vega-encode";
import { voronoi } from "vega-voronoi";

Object.assign(transforms, {
  aggregate, bin, collect, compare, countpattern, cross, density, dotbin, expression, extent, facet, field, filter, flatten,
  fold, formula, generate, impute, joinaggregate, kde, key, load, multiextent, multivalues, params, pivot, prefacet,
  project, proxy, quantile, relay, sample, sequence, sieve, subflow, timeunit, tupleindex, values, window,
  bound, identifier, mark, overlap, render, viewlayout,
  axisticks, datajoin, encode, legendentries, linkpath, pie, scale, sortitems, stack,
  voronoi,
});

export { parse } from "vega-parser";
export { View } from "vega-view";
export { expressionInterpreter } from "vega-interpreter";
