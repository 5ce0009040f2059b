// Measures inside the page: from an event to the frame that shows its answer, and the length of frames.
// An answer is either the thing wanted, or a sign of progress: both are what the merchant sees next.
(() => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));

  window.measureUntil = async (act, isShown) => {
    const began = performance.now();
    act();
    while (!isShown()) await frame();
    await frame();
    return performance.now() - began;
  };

  window.measureFrames = async (region, milliseconds, pixelsPerFrame) => {
    const frames = [];
    const began = performance.now();
    let last = began;
    let down = true;
    const longTasks = [];
    const observer = new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)));
    observer.observe({ type: "longtask" });
    while (last - began < milliseconds) {
      const before = region.scrollTop;
      region.scrollTop += down ? pixelsPerFrame : -pixelsPerFrame;
      if (region.scrollTop === before) down = !down;
      const now = await new Promise((done) => requestAnimationFrame(done));
      frames.push(now - last);
      last = now;
    }
    observer.disconnect();
    return { frames, longTasks };
  };
})();
