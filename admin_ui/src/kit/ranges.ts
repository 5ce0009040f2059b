/** Ranges of rows: with Shift held, a row's box takes every row since the last one chosen along with it. */
import { useRef } from "react";

/** The keys from one to another in their order, both included; only the second where the first is not among them. */
export function between(order: readonly string[], from: string | null, to: string): readonly string[] {
  const [start, end] = [from === null ? -1 : order.indexOf(from), order.indexOf(to)];
  return start < 0 ? [to] : order.slice(Math.min(start, end), Math.max(start, end) + 1);
}

export function useRanges(
  order: readonly string[],
  isChosen: (key: string) => boolean,
  onChoose: (chosen: ReadonlySet<string>) => void,
) {
  const last = useRef<string | null>(null);
  /** Choose a row or leave it out, and with Shift every row since the last one likewise. */
  const toggle = (key: string, shift: boolean) => {
    const chosen = new Set(order.filter(isChosen));
    const choose = !chosen.has(key);
    for (const one of shift ? between(order, last.current, key) : [key]) {
      if (choose) chosen.add(one);
      else chosen.delete(one);
    }
    last.current = key;
    onChoose(chosen);
  };
  return { toggle };
}
