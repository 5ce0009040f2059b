/**
 * What stands above the list: known before anything is drawn below, so that nothing is pushed down under the hand of
 * who reaches for it. One answer that is slow holds up nobody for long.
 */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, body } from "../api/client";
import { driftQuery, openJobsQuery } from "../api/queries";
import { useNoticesRead } from "../notices/queries";

/** Milliseconds. */
const LONGEST = 1_500;

export const stepsQuery = queryOptions({
  queryKey: ["boms", "first steps"],
  queryFn: ({ signal }) => body(api.GET("/api/first-steps", { signal })),
});

/** Whether it is known; once it is, it stays so. */
export function useAbove(): boolean {
  const found = [useQuery(stepsQuery), useQuery(openJobsQuery), useQuery(driftQuery)];
  const notices = useNoticesRead();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), LONGEST);
    return () => clearTimeout(timer);
  }, []);
  // What fails once is asked again, and nobody waits for that.
  return late || (notices !== undefined && found.every((query) => query.data !== undefined || query.failureCount > 0));
}
