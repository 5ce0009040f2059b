/** What the page reads, each under its key. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body, type Schema } from "./client";

export type Direction = Schema["Direction"];
export type CellClass = Schema["CellClass"];
export type Preview = Schema["PreviewOut"];
export type Row = Schema["RowOut"];
export type Job = Schema["JobOut"];
export type Bom = Schema["BomListed"];
export type BomCell = Schema["BomCell"];
export type Selection = Schema["SelectionBody"];

/** How the list of BOMs is narrowed down and ordered. */
export interface BomFilter {
  search: string;
  class: CellClass | "differs" | "";
  location: string;
  tracks: "true" | "false" | "";
  tag: string;
  sort: "name" | "-name" | "-difference";
}

export const PAGE = 50;

/** The shop itself: its time zone. */
export const shopQuery = queryOptions({
  queryKey: ["shop"],
  queryFn: ({ signal }) => body(api.GET("/api/shop", { signal })),
  staleTime: 3_600_000,
});

export const locationsQuery = queryOptions({
  queryKey: ["locations"],
  queryFn: ({ signal }) => body(api.GET("/api/locations", { signal })),
  staleTime: 300_000,
});

export const facetsQuery = queryOptions({
  queryKey: ["boms", "facets"],
  queryFn: ({ signal }) => body(api.GET("/api/facets", { signal })),
});

export const bomsQuery = (filter: BomFilter, offset: number) =>
  queryOptions({
    queryKey: ["boms", "page", filter, offset],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/boms", {
          signal,
          params: {
            query: {
              with_cells: true,
              limit: PAGE,
              offset,
              sort: filter.sort,
              search: filter.search || undefined,
              class: filter.class === "" || filter.class === "differs" ? undefined : filter.class,
              differs: filter.class === "differs" ? true : undefined,
              location_id: filter.location || undefined,
              tracks: filter.tracks === "" ? undefined : filter.tracks === "true",
              tag: filter.tag || undefined,
            },
          },
        }),
      ),
    placeholderData: keepPreviousData,
  });

/** The BOMs of a page as they are known now, whatever the filter would find: while a run goes on rows stay where they are. */
export const knownQuery = (bomIds: readonly string[], location: string) =>
  queryOptions({
    queryKey: ["boms", "known", bomIds, location],
    queryFn: ({ signal }) =>
      body(api.POST("/api/known-boms", { signal, body: { bom_ids: [...bomIds], location_id: location || null } })),
  });

/** How much a selection is, and which of some BOMs it finds; `total`: of the list, by which an old answer is known. */
export const selectionQuery = (selection: Selection, among: readonly string[] | null, total: number) =>
  queryOptions({
    queryKey: ["boms", "selection", selection, among, total],
    queryFn: ({ signal }) =>
      body(api.POST("/api/selections", { signal, body: { selection, among: among === null ? null : [...among] } })),
  });

export const previewQuery = (previewId: string) =>
  queryOptions({
    queryKey: ["preview", previewId],
    queryFn: ({ signal }) =>
      body(api.GET("/api/previews/{preview_id}", { signal, params: { path: { preview_id: previewId } } })),
  });

export const jobQuery = (jobId: string) =>
  queryOptions({
    queryKey: ["job", jobId],
    queryFn: ({ signal }) => body(api.GET("/api/jobs/{job_id}", { signal, params: { path: { job_id: jobId } } })),
  });

export const openJobsQuery = queryOptions({
  queryKey: ["jobs", "open"],
  queryFn: ({ signal }) => body(api.GET("/api/jobs", { signal, params: { query: { open: true, limit: 5 } } })),
  // Somebody else, a schedule or a repair may have started one; the end of one is told soon.
  refetchInterval: (query) => ((query.state.data?.items.length ?? 0) > 0 ? 2_000 : 10_000),
});

export const driftQuery = queryOptions({
  queryKey: ["drift", "summary"],
  queryFn: ({ signal }) => body(api.GET("/api/drift", { signal, params: { query: { limit: 1 } } })),
  refetchInterval: 30_000,
});
