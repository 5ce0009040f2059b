import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schema } from "../api/client";

export type Schedule = Schema["ScheduleOut"];
export type ScheduleIn = Schema["ScheduleIn"];
export type Run = Schema["RunOut"];
export type Limits = Schema["LimitsOut"];
export type Timing = ScheduleIn["timing"];
export type Weekday = Schema["Weekday"];

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

const STEP = 1_000;

/** A run until it has ended, or waits for somebody. */
export const runQuery = (scheduleId: string, runId: string) =>
  queryOptions({
    queryKey: ["schedules", scheduleId, "runs", runId],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/schedules/{schedule_id}/runs/{run_id}", { signal, params: { path: { schedule_id: scheduleId, run_id: runId } } }),
      ),
    refetchInterval: ({ state }) =>
      state.data === undefined || ["due", "comparing", "running"].includes(state.data.state) ? STEP : false,
  });

/** The next runs that such a timing would have. */
export const momentsQuery = (timing: Timing, zone: string | null) =>
  queryOptions({
    queryKey: ["moments", timing, zone],
    queryFn: ({ signal }) => body(api.POST("/api/schedule-moments", { signal, body: { timing, time_zone: zone } })),
    retry: false,
    staleTime: 60_000,
  });

/** A person's word on a run that waits: for all of it, or without some of its preview's rows. */
export const decide = (run: Run, word: "approve" | "decline", leaveOut?: Schema["LeaveOut"]): Promise<Run> => {
  const params = { path: { schedule_id: run.schedule_id, run_id: run.run_id } };
  return word === "approve"
    ? body(api.POST("/api/schedules/{schedule_id}/runs/{run_id}/approve", { params, body: { leave_out: leaveOut ?? null } }))
    : body(api.POST("/api/schedules/{schedule_id}/runs/{run_id}/decline", { params }));
};

export const runNow = (scheduleId: string, runId: string, lookFirst: boolean): Promise<Run> =>
  body(
    api.POST("/api/schedules/{schedule_id}/runs", {
      params: { path: { schedule_id: scheduleId } },
      body: { run_id: runId, look_first: lookFirst },
    }),
  );
