/** Ranges of rows: from the one that was ticked last to the one that is ticked with Shift held down. */
import { type KeyboardEvent, type PointerEvent, useCallback, useRef } from "react";

type Keys = Set<string | number>;

/**
 * React Aria remembers where a range began in the very set that it hands out, and extends it by the arrow keys; by a click
 * on a box it chooses that one row, so this is done here.
 */
export function useRanges<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  chosen: ReadonlySet<string>,
  onChoose: (chosen: ReadonlySet<string>) => void,
) {
  const last = useRef<Keys | null>(null);
  const anchor = useRef<string | null>(null);
  const shift = useRef(false);

  const note = useCallback((event: PointerEvent | KeyboardEvent) => {
    const onBox = event.target instanceof Element && event.target.closest("label, input") !== null;
    shift.current = event.shiftKey && onBox;
  }, []);

  const choose = useCallback(
    (given: "all" | Keys) => {
      const keys = items.map(keyOf);
      if (given === "all") {
        last.current = null;
        onChoose(new Set(keys));
        return;
      }
      last.current = given;
      const next = new Set([...given].map(String));
      const changed = keys.filter((key) => next.has(key) !== chosen.has(key));
      const one = changed.length === 1 ? changed[0] : undefined;
      if (one !== undefined && shift.current && anchor.current !== null) {
        const from = keys.indexOf(anchor.current);
        const to = keys.indexOf(one);
        const range = from < 0 ? [one] : keys.slice(Math.min(from, to), Math.max(from, to) + 1);
        for (const key of range) {
          if (next.has(one)) next.add(key);
          else if (key !== one) next.delete(key);
        }
        last.current = null;
      }
      if (one !== undefined) anchor.current = one;
      onChoose(next);
    },
    [items, keyOf, chosen, onChoose],
  );

  const same = last.current !== null && last.current.size === chosen.size && [...last.current].every((key) => chosen.has(String(key)));
  return { chosen: same && last.current !== null ? last.current : chosen, choose, note };
}
