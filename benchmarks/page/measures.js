// What the browser itself tells of a page: how long from an event to the frame that shows its effect (Event Timing), long
// animation frames, and shifts of the layout. Runs before the page's own scripts.
(() => {
  const SHORTEST = 16;
  const told = { events: [], longFrames: [], shifts: [] };
  const watch = (type, note, options = {}) => {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(note));
    observer.observe({ type, buffered: true, ...options });
    return () => observer.takeRecords().forEach(note);
  };
  const flushes = [
    watch("event", (entry) => entry.interactionId !== 0 && told.events.push({ name: entry.name, ms: entry.duration, began: entry.startTime }), {
      durationThreshold: SHORTEST,
    }),
    watch("long-animation-frame", (entry) => told.longFrames.push({ ms: entry.duration, began: entry.startTime })),
    watch("layout-shift", (entry) => {
      if (!entry.hadRecentInput) told.shifts.push({ score: entry.value, began: entry.startTime });
    }),
  ];
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));

  window.measures = {
    // Two frames: the one that shows the effect, and one after which the browser has written down how long it took.
    shown: async () => {
      await frame();
      await frame();
    },

    // From the event on; less than the browser tells of is told as that.
    toNextPaint: async (since) => {
      await frame();
      flushes.forEach((flush) => flush());
      const mine = told.events.filter(({ began }) => began >= since).map(({ ms }) => ms);
      return Math.max(SHORTEST, ...mine);
    },

    shifted: () => {
      flushes.forEach((flush) => flush());
      return told.shifts.reduce((sum, { score }) => sum + score, 0);
    },

    // Frames and the long ones among them, while something goes on by itself.
    frames: async (milliseconds, step = () => {}) => {
      const lengths = [];
      const began = performance.now();
      for (let last = began; last - began < milliseconds; ) {
        step();
        const now = await new Promise((done) => requestAnimationFrame(done));
        lengths.push(now - last);
        last = now;
      }
      await frame();
      flushes.forEach((flush) => flush());
      const long = told.longFrames.filter((one) => one.began >= began).map(({ ms }) => ms);
      return { lengths, long };
    },

    // Scrolls up and down, so many pixels with each frame; null: the window itself.
    scroll: (region, milliseconds, pixels) => {
      const scrolled = region ?? document.scrollingElement;
      let by = pixels;
      return window.measures.frames(milliseconds, () => {
        const before = scrolled.scrollTop;
        scrolled.scrollTop += by;
        if (scrolled.scrollTop === before) by = -by;
      });
    },
  };
})();
