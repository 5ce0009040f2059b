/**
 * The rows of a page as they are now. While a run goes on they are read again and again, each in its place: what has
 * left the filter stays until the run is over, so nothing jumps under the hand of who looks at it.
 */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { type Bom, knownQuery, openJobsQuery } from "../api/queries";

const EVERY = 2_000;

export function useLiveBoms(items: readonly Bom[], location: string, away: boolean): readonly Bom[] {
  const client = useQueryClient();
  const open = useQuery(openJobsQuery);
  const running = (open.data?.items.length ?? 0) > 0;
  const ids = useMemo(() => items.map((bom) => bom.bom_id), [items]);
  const known = useQuery({
    ...knownQuery(ids, location),
    enabled: running && ids.length > 0,
    refetchInterval: running ? EVERY : false,
    placeholderData: keepPreviousData,
  });
  // A run, or a dialog in which values were read, is over: what the filter finds now is shown.
  const busy = useRef(false);
  useEffect(() => {
    const before = busy.current;
    busy.current = running || away;
    if (before && !busy.current) {
      void client.invalidateQueries({ queryKey: ["boms"] });
      void client.invalidateQueries({ queryKey: ["locations"] });
    }
  }, [running, away, client]);
  return useMemo(() => {
    if (!running || known.data === undefined) return items;
    const now = new Map(known.data.items.map((bom) => [bom.bom_id, bom]));
    return items.map((bom) => now.get(bom.bom_id) ?? bom);
  }, [running, known.data, items]);
}
