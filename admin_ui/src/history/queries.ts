/** The history of runs, narrowed down. */
import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, body, type Schema } from "../api/client";

export interface HistoryFilter {
  state: Schema["JobState"] | "";
  direction: Schema["Direction"] | "";
  source: Schema["JobSource"] | "";
  /** Part of a BOM's name or id. */
  bom: string;
  /** Days in the merchant's own time, YYYY-MM-DD. */
  since: string;
  until: string;
}

const RUNS = 50;

/** The start of a day where the merchant is; `after` days later. */
export function startOfDay(day: string, after = 0): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + after);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

const asked = (filter: HistoryFilter) => ({
  state: filter.state || undefined,
  direction: filter.direction || undefined,
  source: filter.source || undefined,
  bom: filter.bom || undefined,
  since: startOfDay(filter.since),
  until: startOfDay(filter.until, 1),
});

export const historyQuery = (filter: HistoryFilter) =>
  infiniteQueryOptions({
    queryKey: ["jobs", "history", filter],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/jobs", {
          signal,
          params: { query: { ...asked(filter), limit: RUNS, cursor: pageParam ?? undefined } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: 10_000,
  });

/** The address of the history as a table, with the same filters. */
export function historyExport(filter: HistoryFilter): string {
  const given = Object.entries(asked(filter)).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `/api/history/export.csv?${new URLSearchParams(given).toString()}`;
}
