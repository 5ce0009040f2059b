/** The life of a number, narrowed down, page by page. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schema } from "../api/client";
import { startOfDay } from "../history/queries";

export type StoryEvent = Schema["StoryEvent"];

export interface StoryFilter {
  group: Schema["StoryGroup"] | "";
  /** Days in the merchant's own time, YYYY-MM-DD. */
  since: string;
  until: string;
}

const EVENTS = 40;

const asked = (filter: StoryFilter) => ({
  group: filter.group || undefined,
  since: startOfDay(filter.since),
  until: startOfDay(filter.until, 1),
});

export const cellQuery = (bomId: string, locationId: string) =>
  queryOptions({
    queryKey: ["boms", "cell", bomId, locationId],
    queryFn: ({ signal }) =>
      body(api.GET("/api/cells/{bom_id}/{location_id}", { signal, params: { path: { bom_id: bomId, location_id: locationId } } })),
  });

export const storyQuery = (bomId: string, locationId: string, filter: StoryFilter) =>
  infiniteQueryOptions({
    queryKey: ["boms", "story", bomId, locationId, filter],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/cells/{bom_id}/{location_id}/history", {
          signal,
          params: {
            path: { bom_id: bomId, location_id: locationId },
            query: { ...asked(filter), limit: EVENTS, cursor: pageParam ?? undefined },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

/** The address of the same as a table. */
export function storyExport(bomId: string, locationId: string, filter: StoryFilter): string {
  const given = Object.entries(asked(filter)).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const query = new URLSearchParams(given).toString();
  return `/api/cells/${encodeURIComponent(bomId)}/${encodeURIComponent(locationId)}/history/export.csv${query === "" ? "" : `?${query}`}`;
}
