import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schema } from "../api/client";

export type Schedule = Schema["ScheduleOut"];
export type ScheduleIn = Schema["ScheduleIn"];
export type Run = Schema["RunOut"];

const RUNS = 20;

export const schedulesQuery = queryOptions({
  queryKey: ["schedules", "list"],
  queryFn: ({ signal }) => body(api.GET("/api/schedules", { signal })),
  refetchInterval: 30_000,
});

export const runsQuery = (scheduleId: string) =>
  infiniteQueryOptions({
    queryKey: ["schedules", scheduleId, "runs"],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/schedules/{schedule_id}/runs", {
          signal,
          params: { path: { schedule_id: scheduleId }, query: { limit: RUNS, cursor: pageParam ?? undefined } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: 10_000,
  });
