/** Missed webhooks, what is done about them, and how many there were day by day. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schema } from "../api/client";

export type Drift = Schema["DriftOut"];
export type DriftFigures = Schema["DriftPage"];
/** What is answered is whole; what is sent may lack what has a default. */
export type Policy = Required<Schema["DriftPolicy"]>;
export type DriftState = Drift["state"];

const ENTRIES = 50;
const PAGE = 250;
export const DAYS = 14;
/** The most entries that the chart counts. */
const COUNTED = 2_000;

export const driftListQuery = (state: DriftState | "") =>
  infiniteQueryOptions({
    queryKey: ["drift", "list", state],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/drift", {
          signal,
          params: { query: { state: state || undefined, limit: ENTRIES, cursor: pageParam ?? undefined } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: 10_000,
  });

export const policyQuery = queryOptions({
  queryKey: ["drift", "policy"],
  queryFn: async ({ signal }) => (await body(api.GET("/api/drift/policy", { signal }))) as Policy,
});

export interface DayOfDrift {
  /** The day's start where the merchant is. */
  day: Date;
  missed: number;
  late: number;
}

export interface DriftByDay {
  days: DayOfDrift[];
  /** False where there were more than are counted: then the earliest days may lack some. */
  whole: boolean;
}

export const driftByDayQuery = queryOptions({
  queryKey: ["drift", "by day"],
  queryFn: async ({ signal }): Promise<DriftByDay> => {
    const first = new Date();
    first.setHours(0, 0, 0, 0);
    first.setDate(first.getDate() - (DAYS - 1));
    const found: Drift[] = [];
    let cursor: string | undefined;
    let whole = true;
    for (;;) {
      const page = await body(api.GET("/api/drift", { signal, params: { query: { limit: PAGE, cursor } } }));
      found.push(...page.items);
      const oldest = page.items.at(-1)?.detected_at;
      if (page.next_cursor === null || (oldest != null && new Date(oldest) < first)) break;
      if (found.length >= COUNTED) {
        whole = false;
        break;
      }
      cursor = page.next_cursor;
    }
    return { days: byDay(found, first), whole };
  },
  refetchInterval: 60_000,
});

function byDay(found: readonly Drift[], first: Date): DayOfDrift[] {
  const days = Array.from({ length: DAYS }, (_, number) => {
    const day = new Date(first);
    day.setDate(day.getDate() + number);
    return { day, missed: 0, late: 0 };
  });
  const places = new Map(days.map((entry) => [entry.day.toDateString(), entry]));
  for (const { detected_at: detected, late } of found) {
    const entry = detected === null ? undefined : places.get(new Date(detected).toDateString());
    if (entry === undefined) continue;
    if (late) entry.late += 1;
    else entry.missed += 1;
  }
  return days;
}
