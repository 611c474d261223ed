// @ts-check
// What can be read off a figure: the rows of its data table, and where each still shows them.

/** @typedef {{x: number, y: number, width: number, height: number}} Box */
/** @typedef {{heads: string[], rows: string[][], marks: (still: HTMLElement) => string}} Readings */

/** The texts of the table and the marks of each still: from the page, or from a file if the table is cut there. */
export async function readingsOf(/** @type {HTMLElement} */ el, /** @type {HTMLElement} */ stage) {
  const texts = (/** @type {Element} */ row) => [...row.children].map((cell) => cell.textContent ?? "");
  const heads = [...el.querySelectorAll(".figure-table thead tr")].flatMap(texts);
  if (stage.dataset.readings) {
    const told = await (await fetch(stage.dataset.readings)).json();
    return { heads, rows: told.rows, marks: (/** @type {HTMLElement} */ still) => told.marks[still.dataset.width ?? ""] ?? "" };
  }
  const rows = [...el.querySelectorAll(".figure-table tbody tr")].map(texts);
  return { heads, rows, marks: (/** @type {HTMLElement} */ still) => still.dataset.marks ?? "" };
}

/** The boxes of each row: "3:10,20" is a point, "3:10,20,5,40" a box. */
export function boxesIn(/** @type {string} */ text) {
  /** @type {Map<number, Box[]>} */
  const boxes = new Map();
  for (const [, row, numbers] of text.matchAll(/(\d+):(\S+)/g)) {
    const [x, y, width = 0, height = 0] = numbers.split(",").map(Number);
    boxes.set(Number(row), [...(boxes.get(Number(row)) ?? []), { x, y, width, height }]);
  }
  return boxes;
}

/** The row whose box is nearest to a place, the smallest of several, or null if none is within reach. */
export function rowNear(/** @type {Map<number, Box[]>} */ boxes, /** @type {{x: number, y: number, reach: number}} */ { x, y, reach }) {
  const far = (/** @type {Box} */ box) =>
    Math.hypot(Math.max(box.x - x, 0, x - box.x - box.width), Math.max(box.y - y, 0, y - box.y - box.height));
  const all = [...boxes].flatMap(([row, held]) => held.map((box) => ({ row, far: far(box), area: box.width * box.height })));
  const [best] = all.sort((one, two) => one.far - two.far || one.area - two.area);
  return best && best.far <= reach ? best.row : null;
}

/** The rows in reading order: series by series, each in the order of the table. */
export function inSeries(/** @type {string[][]} */ rows, /** @type {string | undefined} */ column) {
  const all = rows.map((_, row) => row);
  if (column === undefined) return [all];
  const names = [...new Set(rows.map((row) => row[Number(column)]))];
  return names.map((name) => all.filter((row) => rows[row][Number(column)] === name));
}
