import { type CSSProperties, type ReactNode, type RefObject, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { createPortal } from "react-dom";
import { Dialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Popover as AriaPopover } from "react-aria-components/Popover";
import { T } from "../texts";
import { Button } from "./Button";
import { Cross } from "./icons";
import { KeptFocus } from "./KeptFocus";
import styles from "./Popover.module.css";

interface PopoverProps {
  /** What it lies beside. */
  anchor: HTMLElement;
  label: string;
  title: string;
  subtitle: string;
  onClose: () => void;
  children: ReactNode;
}

/**
 * A small dialog beside the control that opened it; at the bottom of a narrow screen. Escape and a press elsewhere close
 * it, and the control has the focus again. It stays where it was opened, also where the control goes meanwhile: its row
 * may leave the list. Then the search above the list has the focus, or the page's content.
 */
export function Popover({ anchor, label, title, subtitle, onClose, children }: PopoverProps) {
  const trigger = useRef<HTMLSpanElement>(null);
  const dialog = useRef<HTMLElement>(null);
  const place = useMemo(() => placeOf(anchor), [anchor]);
  const side = useMemo(() => besideOf(anchor), [anchor]);
  useNeverSmaller(dialog);
  const scrolls = useScrolls();
  // React Aria closes with every scroll, also that of a field that a phone brings into sight, or one that was under way.
  const close = () => {
    if (!scrolls.current) onClose();
  };
  useEffect(
    () => () => {
      // After React Aria has tried to give the focus back.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          const held = document.activeElement;
          if (held === null || held === document.body || !held.isConnected) goneTo(anchor)?.focus();
        }),
      );
    },
    [anchor],
  );
  return (
    <>
      {createPortal(<span ref={trigger} className={styles.place} style={place} />, document.body)}
      <AriaPopover
        isOpen
        isNonModal
        triggerRef={trigger}
        onOpenChange={close}
        placement="bottom start"
        style={side}
        className={styles.popover ?? ""}
      >
        <Dialog ref={dialog} aria-label={label} className={styles.dialog ?? ""}>
          <KeptFocus dialog={dialog} />
          <div className={styles.head}>
            <div>
              <Heading level={2} className={styles.title ?? ""}>
                {title}
              </Heading>
              <p className={styles.subtitle}>{subtitle}</p>
            </div>
            <Button variant="icon" aria-label={T.close} onPress={onClose}>
              <Cross />
            </Button>
          </div>
          {children}
        </Dialog>
      </AriaPopover>
    </>
  );
}

/** Whether a scroll is being told of at this moment. */
function useScrolls() {
  const scrolls = useRef(false);
  // Before React Aria's own listener, which comes with an ordinary effect.
  useLayoutEffect(() => {
    const note = () => {
      scrolls.current = true;
      // Frames begin with the scrolls that are told of.
      requestAnimationFrame(() => {
        scrolls.current = false;
      });
    };
    window.addEventListener("scroll", note, { capture: true });
    return () => window.removeEventListener("scroll", note, { capture: true });
  }, []);
  return scrolls;
}

/** Room that a popover is likely to want, what lies between it and its control, and what stays free at the window's edge. */
const ROOM = 400;
const GAP = 6;
const EDGE = 12;

/**
 * Where it opens and stays: in the window, not on the page, whose height changes with the list; and on one side, as one
 * that went over once its text is shorter would jump from under a finger.
 */
function besideOf(element: HTMLElement): CSSProperties {
  const { left, top, bottom } = element.getBoundingClientRect();
  const below = window.innerHeight - bottom;
  const above = below < ROOM && top > below;
  const from = above ? window.innerHeight - top + GAP : bottom + GAP;
  return {
    position: "fixed",
    // Beside no edge, also where the window becomes narrower meanwhile.
    left: `max(8px, min(${left}px, 100vw - 328px))`,
    top: above ? "auto" : from,
    bottom: above ? from : "auto",
    maxHeight: `calc(100vh - ${from + EDGE}px)`,
  };
}

/** Keeps a dialog as high as it has been: what it says next stands where the last thing stood. */
function useNeverSmaller(dialog: RefObject<HTMLElement | null>) {
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    let most = 0;
    const seen = new ResizeObserver(() => {
      const { height } = element.getBoundingClientRect();
      if (height <= most) return;
      most = height;
      element.style.minHeight = `${height}px`;
    });
    seen.observe(element);
    return () => seen.disconnect();
  }, [dialog]);
}

/** Where an element lies on the page, and keeps lying for what is shown beside it. */
function placeOf(element: HTMLElement) {
  const { left, top, height } = element.getBoundingClientRect();
  // Never beyond the window, which may become narrower meanwhile.
  return { left: `min(${left + window.scrollX}px, 100% - 1px)`, top: top + window.scrollY, width: 1, height };
}

/** What is to have the focus: what opened it, else what stands above it. */
function goneTo(anchor: HTMLElement): HTMLElement | null {
  if (anchor.isConnected) return anchor;
  return document.querySelector<HTMLElement>("main [type=search]") ?? document.getElementById("content");
}
