/** What is selected in the list: some BOMs, or all that a filter finds but some. */
import type { BomFilter, Selection } from "../api/queries";
import { isFiltered, selectionOf, selectionOfAll } from "./filter";

/** As many as a filter can leave out one by one. */
export const MOST_LEFT_OUT = 500;

export interface Chosen {
  /** All that are found but `ids`; else these ids. */
  all: boolean;
  ids: ReadonlySet<string>;
}

export const NOTHING: Chosen = { all: false, ids: new Set() };
export const EVERYTHING: Chosen = { all: true, ids: new Set() };

export const isChosen = ({ all, ids }: Chosen, bomId: string): boolean => all !== ids.has(bomId);

/** The same with a page as it is ticked now; null where more would be left out than can be. */
export function withPage(before: Chosen, page: readonly string[], ticked: ReadonlySet<string>): Chosen | null {
  const ids = new Set(before.ids);
  for (const bomId of page) {
    if (ticked.has(bomId) === before.all) ids.delete(bomId);
    else ids.add(bomId);
  }
  return before.all && ids.size > MOST_LEFT_OUT ? null : { all: before.all, ids };
}

/** As it is asked for. */
export function selectionFor({ all, ids }: Chosen, filter: BomFilter): Selection {
  return all ? selectionOfAll(filter, ids) : selectionOf(ids, filter);
}

/** What the list is narrowed to, whatever its order. */
export const scopeOf = (filter: BomFilter): string => JSON.stringify({ ...filter, sort: null });

/** Whether a BOM that is chosen may be none that the list finds. */
export const mayLieOutside = ({ all, ids }: Chosen, filter: BomFilter): boolean => !all && ids.size > 0 && isFiltered(filter);
