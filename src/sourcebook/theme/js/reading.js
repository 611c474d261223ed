// @ts-check
// Reads the values of a figure off its still: the pointer finds the nearest mark, the arrow keys walk the rows of the
// data table. A native slider carries the keyboard, so that screen readers and their gestures speak each value.

const version = new URL(import.meta.url).search;

/** How far from a mark a pointer may be, in px. */
const REACH = 48;

/** @param {{el: HTMLElement, data: Event}} part one `.figure`, and what the reader did first */
export default async function mount({ el, data }) {
  const stage = /** @type {HTMLElement} */ (el.querySelector(".stage"));
  const input = /** @type {HTMLInputElement} */ (stage.querySelector(".reading"));
  const [{ hideTip, showTip }, { boxesIn, inSeries, readingsOf, rowNear }] = await Promise.all([
    import(`./tooltip.js${version}`),
    import(`./marks.js${version}`),
  ]);
  const readings = await readingsOf(el, stage).catch((/** @type {unknown} */ error) => console.warn(`"${el.id}" cannot be read:`, error));
  if (!readings) return () => {};
  /** @type {number[][]} */
  const series = inSeries(readings.rows, stage.dataset.series);
  const order = series.flat();
  const rings = Object.assign(document.createElement("div"), { className: "rings" });
  rings.setAttribute("aria-hidden", "true");
  const silent = input.getAttribute("aria-valuetext") ?? "";
  let boxes = boxesIn("");
  let scale = 1;
  let shownBy = ""; // "keys", "pointer", or nothing: other figures share the tooltip

  const linesOf = (/** @type {number} */ row) =>
    readings.rows[row].map((/** @type {string} */ text, /** @type {number} */ column) => (column ? `${readings.heads[column]}: ${text}` : text));

  const measure = () => {
    const stills = /** @type {NodeListOf<HTMLElement>} */ (stage.querySelectorAll(".still"));
    const still = [...stills].find((each) => each.offsetWidth);
    if (!still) return;
    boxes = boxesIn(readings.marks(still));
    scale = still.offsetWidth / Number(still.dataset.width);
  };

  const hide = () => {
    if (!shownBy) return;
    shownBy = "";
    hideTip();
    rings.remove();
  };

  /** Ring what stands for a row and say its values, beside `at` or beside its first mark. */
  const show = (/** @type {number} */ row, /** @type {{clientX: number, clientY: number} | null} */ at) => {
    shownBy = at ? "pointer" : "keys";
    const shown = boxes.get(row) ?? [];
    rings.replaceChildren(...shown.map((/** @type {import("./marks.js").Box} */ box) => {
      const isPoint = !box.width && !box.height;
      const ring = Object.assign(document.createElement("i"), { className: isPoint ? "ring ring-point" : "ring" });
      const size = isPoint ? "" : `;width:${box.width * scale}px;height:${box.height * scale}px`;
      ring.style.cssText = `left:${box.x * scale}px;top:${box.y * scale}px${size}`;
      return ring;
    }));
    if (shown.length) stage.append(rings);
    else rings.remove();
    const corner = stage.getBoundingClientRect();
    const { x, y, width } = shown[0] ?? { x: 0, y: 0, width: 0 };
    showTip(linesOf(row), at ?? { clientX: corner.x + (x + width) * scale, clientY: corner.y + y * scale });
  };

  const speak = (/** @type {number} */ place) => {
    const at = Math.max(0, Math.min(order.length - 1, place));
    input.value = String(at + 1);
    input.setAttribute("aria-valuetext", linesOf(order[at]).join("; "));
    show(order[at], null);
  };

  const onFocus = () => {
    measure();
    if (input.matches(":focus-visible")) speak(Number(input.value) - 1);
  };

  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const row = order[Number(input.value) - 1];
    const number = series.findIndex((rows) => rows.includes(row));
    const beside = (/** @type {number} */ step) => {
      if (series.length === 1) return order.indexOf(row) + step;
      const next = series[number + step] ?? series[number];
      return order.indexOf(next[Math.min(series[number].indexOf(row), next.length - 1)]);
    };
    const places = /** @type {Record<string, () => number>} */ ({
      ArrowUp: () => beside(-1),
      ArrowDown: () => beside(1),
      Home: () => order.indexOf(series[number][0]),
      End: () => order.indexOf(series[number][series[number].length - 1]),
    });
    if (!(event.key in places) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    speak(places[event.key]());
  };

  const onPoint = (/** @type {PointerEvent | MouseEvent} */ event) => {
    if (stage.classList.contains("stage-live")) return void hide();
    measure();
    const corner = stage.getBoundingClientRect();
    const place = { x: (event.clientX - corner.x) / scale, y: (event.clientY - corner.y) / scale, reach: REACH / scale };
    const row = rowNear(boxes, place);
    if (row === null) hide();
    else show(row, event);
  };
  const onLeave = (/** @type {PointerEvent} */ event) => event.pointerType === "mouse" && hide();
  const onBlur = () => shownBy === "keys" && hide();
  const onEscape = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && hide();
  const onInput = () => speak(Number(input.value) - 1);
  const onPress = (/** @type {Event} */ event) => stage.contains(/** @type {Node} */ (event.target)) || hide();

  /** @type {[EventTarget, string, any][]} */
  const wires = [
    [stage, "pointermove", onPoint], [stage, "pointerdown", onPoint], [stage, "pointerleave", onLeave],
    [input, "focus", onFocus], [input, "blur", onBlur], [input, "keydown", onKey], [input, "input", onInput],
    [document, "pointerdown", onPress], [document, "keydown", onEscape],
  ];
  // A press takes away what another figure shows before this one answers it: hence the document's come first.
  wires.forEach(([target, name, act]) => target.addEventListener(name, act, target === document));
  // What the reader did first asked for this; where they are by now counts, for it may have been long in coming.
  if (document.activeElement === input) onFocus();
  if (!shownBy && data instanceof PointerEvent) onPoint(data);
  return () => {
    wires.forEach(([target, name, act]) => target.removeEventListener(name, act, target === document));
    hide();
    input.value = "1";
    input.setAttribute("aria-valuetext", silent);
  };
}
