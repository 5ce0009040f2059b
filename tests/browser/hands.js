// What a keyboard or a finger meets, and what keeps it from what it wants. Each function is one expression of this object.
({
  // Counts what only the other kind of hand can have done; the page is asked for it at the end.
  guard: (kind) => {
    window.trueupOtherHand = [];
    const note = (event) => {
      const finger = event.pointerType === "touch";
      if (event.isTrusted && !(kind === "touch" && finger)) window.trueupOtherHand.push(`${event.type} by ${event.pointerType}`);
    };
    // Not moves: the browser makes one of its own where the page changes under a pointer that rests.
    for (const type of ["pointerdown", "wheel"]) document.addEventListener(type, note, { capture: true });
  },

  // One stop of a keyboard: whether the wanted element has the focus, else the key that leads on; and what is wrong here.
  stop: (wanted) => {
    const at = document.activeElement;
    const named = (one) => `${one.tagName.toLowerCase()} "${(one.getAttribute("aria-label") ?? one.innerText ?? "").trim().replace(/\s+/g, " ").slice(0, 60)}"`;

    const isDrawn = (one, pseudo) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(one, pseudo);
      return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1;
    };
    // Of a box the drawn part is marked, which lies beside the browser's own within one label.
    const isMarked = (one) =>
      [one, ...(one.closest("label")?.querySelectorAll("*") ?? [])].some((part) => [null, "::before", "::after"].some((pseudo) => isDrawn(part, pseudo))) ||
      (one.matches("[role=menuitem][data-focused]") && getComputedStyle(one).backgroundColor !== getComputedStyle(one.parentElement).backgroundColor);
    const isCovered = (one) => {
      const target = one.closest("label") ?? one;
      const box = target.getBoundingClientRect();
      const [left, top] = [Math.max(0, box.left), Math.max(0, box.top)];
      const [right, bottom] = [Math.min(innerWidth, box.right), Math.min(innerHeight, box.bottom)];
      if (right <= left || bottom <= top) return "lies out of sight";
      const points = [0.5, 0.1, 0.9].flatMap((x) => [0.5, 0.1, 0.9].map((y) => [left + x * (right - left), top + y * (bottom - top)]));
      const over = points.map(([x, y]) => document.elementFromPoint(x, y));
      return over.some((hit) => hit !== null && (target.contains(hit) || hit.contains(target))) ? null : `lies under ${over[0] === null ? "nothing" : named(over[0])}`;
    };
    const isControl = at.matches("a[href], button, input, select, textarea, summary, [role=menuitem], [role=tab], [role=row]");
    const wrong =
      at === document.body ? null
      : isControl && !isMarked(at) ? `${named(at)} has the focus and does not show it`
      : isControl && isCovered(at) !== null ? `${named(at)} has the focus and ${isCovered(at)}`
      : null;

    const key = () => {
      for (const role of ["menu", "tablist"]) {
        const group = at.closest(`[role=${role}]`);
        if (group !== null && group.contains(wanted)) return role === "menu" ? "ArrowDown" : "ArrowRight";
      }
      const [row, goal] = [at, wanted].map((one) => one.closest("[role=grid] tbody tr"));
      if (goal !== null && row !== null) {
        if (row === goal) return at === row || row.contains(at) ? "ArrowRight" : "Tab";
        return row.compareDocumentPosition(goal) & Node.DOCUMENT_POSITION_FOLLOWING ? "ArrowDown" : "ArrowUp";
      }
      return at.compareDocumentPosition(wanted) & Node.DOCUMENT_POSITION_PRECEDING ? "Shift+Tab" : "Tab";
    };
    return { there: at === wanted, wrong, key: at === wanted ? "" : key() };
  },

  // What is too small, too close or covered for a finger, of what can be touched on the topmost layer.
  touch: () => {
    const LARGE = 44;
    const SLACK = 0.5;
    const CONTROLS = "a[href], button, input, select, textarea, summary, [role=menuitem], [role=tab]";
    const layer = [...document.querySelectorAll("[role=dialog], dialog[open], [role=menu]")].filter((one) => one.getClientRects().length > 0).at(-1) ?? document.body;
    const isTold = (one) => {
      for (let up = one; up !== null; up = up.parentElement) {
        const { visibility, clipPath } = getComputedStyle(up);
        if (visibility === "hidden" || clipPath === "inset(50%)") return true;
      }
      return false;
    };
    const named = (one) => `${one.tagName.toLowerCase()} "${(one.getAttribute("aria-label") ?? one.labels?.[0]?.innerText ?? one.innerText ?? "").trim().replace(/\s+/g, " ").slice(0, 60)}"`;
    // A link within a sentence is as high as its line.
    const isInText = (one) => one.matches("a") && one.parentElement.matches("p, li") && one.parentElement.innerText.trim() !== one.innerText.trim();
    const found = [...layer.querySelectorAll(CONTROLS)].filter(
      (one) => one.checkVisibility() && one.getClientRects().length > 0 && !isTold(one) && !one.matches(":disabled") && !isInText(one) && one.getBoundingClientRect().right > 0,
    );
    const targets = found.map((one) => {
      const box = (one.matches("input") ? (one.closest("label") ?? one) : one).getBoundingClientRect();
      return { one, box, x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2, isSmall: Math.min(box.width, box.height) < LARGE - SLACK };
    });
    const wrong = [];
    // As WCAG 2.2 has it for 24 pixels: around a smaller one a circle of that size is free of all others.
    for (const small of targets.filter((target) => target.isSmall)) {
      const near = targets.find((other) => {
        if (other === small || other.one.contains(small.one) || small.one.contains(other.one)) return false;
        if (other.isSmall) return Math.hypot(other.x - small.x, other.y - small.y) < LARGE - SLACK;
        const away = [Math.max(other.box.left - small.x, 0, small.x - other.box.right), Math.max(other.box.top - small.y, 0, small.y - other.box.bottom)];
        return Math.hypot(...away) < LARGE / 2 - SLACK;
      });
      if (near !== undefined) wrong.push(`${named(small.one)} is ${small.box.width.toFixed(0)} by ${small.box.height.toFixed(0)} pixels and close to ${named(near.one)}`);
    }
    // Wherever one scrolls to: a bar that stays at the window's edge must leave each control a place beside it.
    const before = [window.scrollX, window.scrollY];
    for (const { one } of targets) {
      one.scrollIntoView({ block: "center", behavior: "instant" });
      const target = one.matches("input") ? (one.closest("label") ?? one) : one;
      const box = target.getBoundingClientRect();
      const hit = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
      // A message goes when it is dismissed.
      const isMessage = hit?.closest("[role=region]")?.matches("[aria-label=Messages]");
      if (isMessage) continue;
      if (hit === null || !(target.contains(hit) || hit.contains(target) || target.parentElement.contains(hit))) wrong.push(`${named(one)} lies under ${hit === null ? "nothing" : named(hit)}`);
    }
    window.scrollTo(...before);
    return [...new Set(wrong)].slice(0, 12);
  },
})
