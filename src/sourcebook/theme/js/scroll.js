// @ts-check
// Makes a box that scrolls sideways reachable by keyboard, and only while it does scroll.

/** @param {{el: HTMLElement}} part a table, an output or a code block */
export default function mount({ el }) {
  const measure = () => {
    if (el.scrollWidth > el.clientWidth) el.tabIndex = 0;
    else el.removeAttribute("tabindex");
  };
  const watch = new ResizeObserver(measure);
  watch.observe(el);
  return () => watch.disconnect();
}
