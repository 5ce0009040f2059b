/**
 * How a table of rows is walked by keyboard, as the ARIA practices have it for a grid: one stop of the Tab key, arrows
 * from row to row and into a row's controls, Space chooses. One listener of each kind serves the whole table.
 */
import { type FocusEvent, type KeyboardEvent, type MouseEvent, type RefObject, useEffect, useRef } from "react";

interface GridActs {
  /** Choose a row or leave it out; with Shift the range since the last one. */
  toggle: (key: string, shift: boolean) => void;
  /** Choose what lies between two rows. */
  extend: (from: string, to: string) => void;
  all: () => void;
  /** A row has got the focus. */
  visit: (key: string) => void;
}

const CONTROLS = "a[href], button:not([disabled]), input:not([disabled]), select, textarea";
const WRITES = "input:not([type=checkbox]), select, textarea";

const rowOf = (element: Element) => element.closest<HTMLTableRowElement>("tbody tr");
const keyOf = (row: HTMLElement | null) => row?.dataset.key ?? "";
const focus = (element: HTMLElement | null | undefined) => element?.focus();

export function useGridKeys(table: RefObject<HTMLTableElement | null>, acts: GridActs) {
  const lastKey = useRef("");
  useEffect(() => {
    const note = (event: globalThis.KeyboardEvent | PointerEvent) => {
      lastKey.current = event instanceof globalThis.KeyboardEvent ? event.key : "";
    };
    document.addEventListener("keydown", note, { capture: true });
    document.addEventListener("pointerdown", note, { capture: true });
    return () => {
      document.removeEventListener("keydown", note, { capture: true });
      document.removeEventListener("pointerdown", note, { capture: true });
    };
  }, []);

  const rows = () => [...(table.current?.tBodies[0]?.rows ?? [])];
  const here = () => rows().find((row) => row.tabIndex === 0);
  const box = () => table.current?.tHead?.querySelector("input");

  const onKeyDown = (event: KeyboardEvent<HTMLTableElement>) => {
    const target = event.target as HTMLElement;
    const row = rowOf(target);
    if (event.key === "Tab") {
      leave(event, row !== null);
      return;
    }
    if (target.matches(WRITES)) return;
    const all = rows();
    const place = row === null ? -1 : all.indexOf(row);
    const go = (to: HTMLElement | null | undefined) => {
      event.preventDefault();
      focus(to);
      if (event.shiftKey && row !== null && to instanceof HTMLTableRowElement) acts.extend(keyOf(row), keyOf(to));
    };
    const within = row === null ? [] : [row, ...row.querySelectorAll<HTMLElement>(CONTROLS)];
    const moves: Partial<Record<string, () => void>> = {
      ArrowDown: () => go(all[place + 1]),
      ArrowUp: () => go(place > 0 ? all[place - 1] : box()),
      Home: () => go(all[0]),
      End: () => go(all.at(-1)),
      ArrowRight: () => go(within[within.indexOf(target) + 1]),
      ArrowLeft: () => go(within[within.indexOf(target) - 1]),
    };
    if (event.key === " " && target === row) {
      event.preventDefault();
      acts.toggle(keyOf(row), event.shiftKey);
    } else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      acts.all();
    } else if (!event.altKey && !event.ctrlKey && !event.metaKey) {
      moves[event.key]?.();
    }
  };

  // The controls of the rows are no stops of the Tab key: from a row it leaves the table, past them all.
  const leave = (event: KeyboardEvent, inRow: boolean) => {
    if (inRow && event.shiftKey) focus(box());
    else if (inRow) {
      const last = [...(table.current?.querySelectorAll<HTMLElement>(CONTROLS) ?? [])].filter((one) => one.tabIndex >= 0).at(-1);
      (last ?? here())?.focus({ preventScroll: true });
      return;
    } else if (!event.shiftKey) focus(here());
    else return;
    event.preventDefault();
  };

  const onFocus = (event: FocusEvent<HTMLTableElement>) => {
    const from = event.relatedTarget;
    const row = rowOf(event.target);
    const entered = !(from instanceof Node && event.currentTarget.contains(from));
    // By Tab from beyond: to the row, not to the last of its controls. Focus that is given back stays where it is given.
    if (entered && lastKey.current === "Tab" && row !== null) focus(here());
    else if (row !== null && lastKey.current !== "Tab") acts.visit(keyOf(row));
  };

  const onClick = (event: MouseEvent<HTMLTableElement>) => {
    const target = event.target as HTMLElement;
    const row = rowOf(target);
    // A press on what a cell shows is not a choice of its row: texts can be marked and copied, and controls pressed.
    const chooses = target.matches("[data-box]") || target.closest("[data-content], label") === null;
    if (row !== null && chooses) acts.toggle(keyOf(row), event.shiftKey);
  };

  return { onKeyDown, onFocus, onClick };
}
