/** Missed webhooks, what is done about them, and how many there were day by day. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schema } from "../api/client";

export type Drift = Schema["DriftOut"];
export type DriftFigures = Schema["DriftPage"];
/** What is answered is whole; what is sent may lack what has a default. */
export type Policy = Required<Schema["DriftPolicy"]>;
export type DriftState = Drift["state"];

const ENTRIES = 50;
export const DAYS = 14;
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
  repaired: number;
  /** Whether anybody looked on that day. */
  looked: boolean;
}

export const driftByDayQuery = queryOptions({
  queryKey: ["drift", "by day"],
  queryFn: async ({ signal }): Promise<DayOfDrift[]> => {
    const first = new Date();
    first.setHours(0, 0, 0, 0);
    first.setDate(first.getDate() - (DAYS - 1));
    const history = await body(
      api.GET("/api/drift/history", { signal, params: { query: { since: first.toISOString() } } }),
    );
    return byDay(history.items, first);
  },
  refetchInterval: 60_000,
});

/** The service tells hours; a day is the merchant's own. */
function byDay(hours: readonly Schema["DriftHour"][], first: Date): DayOfDrift[] {
  const days = Array.from({ length: DAYS }, (_, number) => {
    const day = new Date(first);
    day.setDate(day.getDate() + number);
    return { day, missed: 0, late: 0, repaired: 0, looked: false };
  });
  const places = new Map(days.map((entry) => [entry.day.toDateString(), entry]));
  for (const hour of hours) {
    const entry = places.get(new Date(hour.hour).toDateString());
    if (entry === undefined) continue;
    entry.missed += hour.missed;
    entry.late += hour.late;
    entry.repaired += hour.repaired;
    entry.looked ||= hour.sweeps > 0;
  }
  return days;
}

export type OpenAt = Schema["OpenAtOut"];

/** What a repair would do, as it stands now. */
export const repairPlanQuery = queryOptions({
  queryKey: ["drift", "repair"],
  queryFn: ({ signal }) => body(api.GET("/api/drift/repair", { signal })),
  staleTime: 0,
});

/** Let be repaired what stands open: all of it, or what is named. */
export const approve = (some: Schema["ApprovalIn"]) => body(api.POST("/api/drift/approve", { body: some }));
