/** What the browser keeps between two pages: the selection before there is a preview, and the preview not decided yet. */
import type { Direction, Selection } from "../api/queries";

export interface Chosen {
  selection: Selection;
  /** The selection in words. */
  words: string;
}

export interface Undecided {
  previewId: string;
  direction: Direction;
  at: string;
}

const shop = new URLSearchParams(window.location.search).get("shop") ?? "";
const CHOSEN = `trueup.chosen.${shop}`;
const UNDECIDED = `trueup.undecided.${shop}`;

// A browser may refuse storage to a page inside another one's frame: then it lasts as long as the page.
const fallback = new Map<string, string>();

function read(storage: () => Storage, key: string): unknown {
  try {
    const text = storage().getItem(key) ?? fallback.get(key) ?? null;
    return text === null ? null : JSON.parse(text);
  } catch {
    const text = fallback.get(key);
    return text === undefined ? null : JSON.parse(text);
  }
}

function write(storage: () => Storage, key: string, value: unknown): void {
  const text = value === null ? null : JSON.stringify(value);
  if (text === null) fallback.delete(key);
  else fallback.set(key, text);
  try {
    if (text === null) storage().removeItem(key);
    else storage().setItem(key, text);
  } catch {
    // Kept in memory above.
  }
}

export const chosen = (): Chosen | null => read(() => sessionStorage, CHOSEN) as Chosen | null;
export const keepChosen = (value: Chosen): void => write(() => sessionStorage, CHOSEN, value);

// Shared by all tabs: a preview that is closed in one is found again in another.
export const undecided = (): Undecided | null => read(() => localStorage, UNDECIDED) as Undecided | null;
export const keepUndecided = (value: Undecided | null): void => write(() => localStorage, UNDECIDED, value);
