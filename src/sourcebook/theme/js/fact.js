// @ts-check
// The card of a number. CSS alone shows it on hover and focus; this adds tap, Escape, and room above the line
// when there is none below.

/** @param {{el: HTMLElement}} part any element that holds numbers */
export default function mount({ el }) {
  /** The number whose card a tap has opened. @type {HTMLElement | null} */
  let open = null;
  const factOf = (/** @type {Event} */ event) =>
    /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest?.(".fact") ?? null);

  const close = () => {
    open?.classList.remove("fact-open");
    open = null;
  };

  const place = (/** @type {Event} */ event) => {
    const fact = factOf(event);
    if (!fact) return;
    fact.classList.remove("fact-shut");
    const card = /** @type {HTMLElement} */ (fact.querySelector(".fact-card"));
    const link = /** @type {HTMLElement} */ (fact.querySelector(".fact-link")).getBoundingClientRect();
    card.style.translate = "";
    const box = card.getBoundingClientRect();
    const above = box.bottom > innerHeight && link.top > box.height;
    if (above) card.style.translate = `0 ${Math.floor(link.top - box.bottom - 4)}px`;
  };

  const onPress = (/** @type {PointerEvent} */ event) => {
    const fact = factOf(event);
    if (fact !== open) close();
  };

  const onClick = (/** @type {MouseEvent} */ event) => {
    const fact = factOf(event);
    const byTouch = /** @type {PointerEvent} */ (event).pointerType !== "mouse" && event.detail > 0;
    const onNumber = /** @type {Element} */ (event.target).closest?.(".fact-link");
    if (!fact || !onNumber || !byTouch) return;
    event.preventDefault();
    const wasOpen = fact === open;
    close();
    if (wasOpen) return fact.classList.add("fact-shut");
    open = fact;
    fact.classList.add("fact-open");
    place(event);
  };

  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    close();
    el.querySelectorAll(".fact:is(:hover, :focus-within)").forEach((fact) => fact.classList.add("fact-shut"));
  };

  const onLeave = (/** @type {Event} */ event) => {
    const fact = factOf(event);
    const to = /** @type {PointerEvent | FocusEvent} */ (event).relatedTarget;
    if (fact && !fact.contains(/** @type {Node | null} */ (to))) fact.classList.remove("fact-shut");
  };

  /** @type {[string, any][]} */
  const wires = [
    ["pointerover", place], ["focusin", place], ["pointerdown", onPress], ["click", onClick],
    ["pointerout", onLeave], ["focusout", onLeave],
  ];
  wires.forEach(([name, act]) => el.addEventListener(name, act));
  document.addEventListener("keydown", onKey);
  return () => {
    close();
    wires.forEach(([name, act]) => el.removeEventListener(name, act));
    document.removeEventListener("keydown", onKey);
  };
}
