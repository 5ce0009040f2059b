/** The list's filter as the address holds it, and the selection it stands for. */
import type { BomFilter, CellClass, Selection } from "../api/queries";

const CLASSES = new Set(["in_sync", "shopify_moved", "local_moved", "both_moved", "no_base", "not_compared", "differs"]);

export function filterOf(params: URLSearchParams): BomFilter {
  const cellClass = params.get("class") ?? "";
  const tracks = params.get("tracks");
  const sort = params.get("sort");
  return {
    search: params.get("q") ?? "",
    class: CLASSES.has(cellClass) ? (cellClass as CellClass | "differs") : "",
    location: params.get("location") ?? "",
    tracks: tracks === "true" || tracks === "false" ? tracks : "",
    tag: params.get("tag") ?? "",
    sort: sort === "-name" || sort === "-difference" ? sort : "name",
  };
}

export const isFiltered = (filter: BomFilter): boolean =>
  [filter.search, filter.class, filter.location, filter.tracks, filter.tag].some((value) => value !== "");

/** Everything that the list finds but some. With a location only the cells there. */
export function selectionOfAll(filter: BomFilter, but: ReadonlySet<string>): Selection {
  if (!isFiltered(filter) && but.size === 0) return { bom_ids: "all" };
  return {
    filter: {
      ...(filter.search !== "" && { text: filter.search }),
      ...(filter.tag !== "" && { tag: filter.tag }),
      ...(filter.tracks !== "" && { tracks_pre_assembled: filter.tracks === "true" }),
      ...(filter.location !== "" && { location_ids: [filter.location] }),
      ...(filter.class === "differs" && { differs: true }),
      ...(filter.class !== "" && filter.class !== "differs" && { cell_class: filter.class }),
      ...(but.size > 0 && { except_bom_ids: [...but] }),
    },
  };
}

export function selectionOf(bomIds: Iterable<string>, filter: BomFilter): Selection {
  const location = filter.location === "" ? {} : { location_ids: [filter.location] };
  return { bom_ids: [...bomIds], ...location };
}
