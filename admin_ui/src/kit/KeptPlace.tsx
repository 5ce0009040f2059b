import { useEffect } from "react";

/** After so many frames whoever gives the focus somewhere, a dialog that closes for one, has done so. */
const FRAMES = 4;

/**
 * The focus stays on the page where what held it goes: a button that made way for its outcome, a notice that was
 * dismissed, a link of the screen before. Next to the place where it was, so that Tab goes on from there; at the page's
 * content where all around it has gone, too.
 */
export function KeptPlace() {
  useEffect(() => {
    let way: Element[] = [];
    const note = ({ target }: FocusEvent) => {
      way = [];
      for (let up = target instanceof Element ? target : null; up !== null && up !== document.body; up = up.parentElement) way.push(up);
    };
    const isLost = () => {
      const [held] = way;
      if (held === undefined || document.activeElement !== document.body) return false;
      // Where it is there still, somebody has pressed beside it.
      return !held.isConnected || held.matches(":disabled");
    };
    const mend = () => {
      if (!isLost()) return;
      const near = way.slice(1).find((one) => one.isConnected && one.closest("main") !== null);
      const to = near instanceof HTMLElement ? near : document.getElementById("content");
      if (to === null) return;
      if (!to.hasAttribute("tabindex")) to.tabIndex = -1;
      to.focus({ preventScroll: true });
    };
    let waits = false;
    const later = (frames: number) => {
      waits = frames > 0;
      if (frames === 0) mend();
      else requestAnimationFrame(() => later(frames - 1));
    };
    const observer = new MutationObserver(() => {
      if (waits || !isLost()) return;
      waits = true;
      later(FRAMES);
    });
    document.addEventListener("focusin", note);
    observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled"] });
    return () => {
      document.removeEventListener("focusin", note);
      observer.disconnect();
    };
  }, []);
  return null;
}
