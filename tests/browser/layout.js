// What is wrong with how the screen is laid out at the window's present size, in words; nothing where all is well.
// With a dialog, a popover or a menu open only the topmost counts: what lies under it cannot be reached anyway.
() => {
  const CONTROLS = "a[href], button, input, select, textarea, summary, [role=menuitem], [role=tab], [role=option]";
  const SMALLEST_TARGET = 24;
  const NARROWEST_NAME = 160;
  const PHONE = 400;
  const SLACK = 1;

  const styleOf = (element) => getComputedStyle(element);
  const named = (element) => {
    const text = (element.getAttribute("aria-label") || element.labels?.[0]?.innerText || element.innerText || "").trim();
    return `${element.tagName.toLowerCase()} "${text.replace(/\s+/g, " ").slice(0, 50)}"`;
  };
  const isTold = (element) => {
    // Only for screen readers: clipped to nothing on purpose.
    for (let up = element; up !== null; up = up.parentElement) {
      const style = styleOf(up);
      if (style.display === "none" || style.visibility === "hidden") return true;
      if (style.clipPath === "inset(50%)" || style.clip === "rect(0px, 0px, 0px, 0px)") return true;
    }
    return false;
  };
  const scrolls = (value) => value === "auto" || value === "scroll";

  // The part of an element that is not cut off by what it lies in, in the window's pixels.
  const seenPart = (element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const seen = { left, top, right, bottom };
    for (let up = element.parentElement; up !== null && up !== document.documentElement; up = up.parentElement) {
      const style = styleOf(up);
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      const box = up.getBoundingClientRect();
      if (style.overflowX !== "visible") [seen.left, seen.right] = [Math.max(seen.left, box.left), Math.min(seen.right, box.right)];
      if (style.overflowY !== "visible") [seen.top, seen.bottom] = [Math.max(seen.top, box.top), Math.min(seen.bottom, box.bottom)];
    }
    return seen;
  };
  const isSomething = (box) => box.right - box.left > SLACK && box.bottom - box.top > SLACK;

  const layers = [...document.querySelectorAll("[role=dialog], dialog[open], [role=menu]")].filter((layer) => !isTold(layer));
  const layer = layers.at(-1) ?? document.body;
  const all = [...layer.querySelectorAll("*")].filter((element) => element.getClientRects().length > 0 && !isTold(element));
  const wrong = [];

  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
  for (const element of all) {
    const style = styleOf(element);
    const hides = (value) => value === "hidden" || value === "clip";
    if (element.matches("select")) {
      const pen = document.createElement("canvas").getContext("2d");
      pen.font = style.font;
      const room = element.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
      const text = element.selectedOptions[0]?.text ?? "";
      if (pen.measureText(text).width > room + SLACK) wrong.push(`${named(element)}: its choice "${text}" is cut off`);
      continue;
    }
    if (element.matches("input, svg, svg *")) continue;
    const wide = hides(style.overflowX) && element.scrollWidth > element.clientWidth + SLACK;
    const tall = hides(style.overflowY) && element.scrollHeight > element.clientHeight + SLACK;
    if ((wide || tall) && element.innerText?.trim()) wrong.push(`${named(element)}: its text is cut off`);
    if (hasText(element) && style.overflowX === "visible" && style.display !== "inline" && element.scrollWidth > element.clientWidth + SLACK) {
      wrong.push(`${named(element)}: its text runs over what stands beside it`);
    }
    if (hasText(element) && !hides(style.overflowX)) {
      const seen = seenPart(element);
      const scroller = scrollerOf(element);
      if (scroller === null && isSomething(seen) && seen.right > innerWidth + SLACK) wrong.push(`${named(element)}: its text leaves the window`);
    }
  }

  function scrollerOf(element) {
    for (let up = element.parentElement; up !== null && up !== document.body; up = up.parentElement) {
      if (scrolls(styleOf(up).overflowX) && up.scrollWidth > up.clientWidth) return up;
    }
    return null;
  }

  const controls = all
    .filter((element) => element.matches(CONTROLS))
    .map((element) => ({ element, seen: seenPart(element) }))
    .filter(({ seen }) => isSomething(seen) && seen.right > 0 && seen.bottom > 0);
  for (const [place, { element, seen }] of controls.entries()) {
    const whole = element.getBoundingClientRect();
    if (scrollerOf(element) === null && (whole.left < -SLACK || whole.right > innerWidth + SLACK)) {
      wrong.push(`${named(element)}: out of the window's reach`);
    }
    // A field is as large as the label around it.
    const target = (element.matches("input") ? element.closest("label") ?? element : element).getBoundingClientRect();
    if (Math.min(target.width, target.height) < SMALLEST_TARGET - 0.01) {
      wrong.push(`${named(element)}: ${target.width.toFixed(0)} by ${target.height.toFixed(0)} pixels are too few to touch`);
    }
    for (const other of controls.slice(place + 1)) {
      if (element.contains(other.element) || other.element.contains(element)) continue;
      const common = {
        left: Math.max(seen.left, other.seen.left),
        right: Math.min(seen.right, other.seen.right),
        top: Math.max(seen.top, other.seen.top),
        bottom: Math.min(seen.bottom, other.seen.bottom),
      };
      // One over which the other has been put on purpose: the clearing cross within a search field.
      const inside = element.matches("input[type=search]") && element.parentElement.contains(other.element);
      // A bar at the window's edge, from under which everything comes when the focus goes there: see below.
      const over = (element.closest("[data-over]") === null) !== (other.element.closest("[data-over]") === null);
      if (!inside && !over && isSomething(common)) wrong.push(`${named(element)} and ${named(other.element)} overlap`);
    }
  }

  // What lies under a bar at the window's edge must come out from under it when the focus goes there: nobody writes into
  // a field that is covered.
  const bars = all.filter((element) => element.matches("[data-over]")).map((element) => [element, element.getBoundingClientRect()]);
  if (bars.length > 0) {
    const [before, top] = [document.activeElement, document.scrollingElement.scrollTop];
    for (const { element } of controls) {
      if (element.closest("[data-over]") !== null || element.disabled) continue;
      element.focus();
      const box = element.getBoundingClientRect();
      for (const [bar, edge] of bars) {
        const covered = Math.min(box.bottom, edge.bottom) - Math.max(box.top, edge.top) > SLACK && box.right > edge.left && box.left < edge.right;
        if (covered) wrong.push(`${named(element)}: under ${named(bar)} when the focus goes there`);
      }
    }
    before?.focus?.({ preventScroll: true });
    document.scrollingElement.scrollTop = top;
  }

  if (innerWidth <= PHONE) {
    for (const name of all.filter((element) => element.matches("[role=rowheader], [data-column=bom]"))) {
      const style = styleOf(name);
      const room = name.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
      if (room < NARROWEST_NAME) wrong.push(`${named(name)}: ${room.toFixed(0)} pixels are too few for a name`);
    }
  }
  return [...new Set(wrong)].slice(0, 12);
}
