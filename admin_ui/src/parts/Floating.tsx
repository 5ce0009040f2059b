/**
 * A small dialog beside the control that opened it; on a narrow screen at its bottom.
 *
 * The browser's popover: Escape and a click elsewhere close it, and it lies above everything, dialogs included.
 */
import { type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import { T } from "../texts";

const GAP = 6;
const EDGE = 8;

interface FloatingProps {
  anchor: HTMLElement;
  label: string;
  onClose: () => void;
  children: ReactNode;
}

export function Floating({ anchor, label, onClose, children }: FloatingProps) {
  const element = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;

  useEffect(() => {
    const panel = element.current;
    if (panel === null) return undefined;
    const toggled = (event: Event) => {
      if ((event as ToggleEvent).newState === "closed") close.current();
    };
    panel.showPopover();
    panel.focus();
    panel.addEventListener("toggle", toggled);
    return () => {
      panel.removeEventListener("toggle", toggled);
      const inside = panel.contains(document.activeElement) || document.activeElement === document.body;
      if (inside && anchor.isConnected) anchor.focus();
    };
  }, [anchor]);

  // After every change: what it shows may have grown.
  useLayoutEffect(() => {
    const panel = element.current;
    if (panel === null) return;
    const place = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = panel;
    const left = Math.max(EDGE, Math.min(place.left, window.innerWidth - width - EDGE));
    const below = place.bottom + GAP;
    const fits = below + height <= window.innerHeight - EDGE;
    panel.style.setProperty("--left", `${left}px`);
    panel.style.setProperty("--top", `${fits ? below : Math.max(EDGE, place.top - GAP - height)}px`);
  });

  return (
    <div ref={element} popover="auto" role="dialog" aria-label={label} tabIndex={-1} className="floating">
      <button type="button" className="icon-button floating-close" aria-label={T.close} onClick={onClose}>
        <span aria-hidden="true">×</span>
      </button>
      {children}
    </div>
  );
}
