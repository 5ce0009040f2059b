/** A document that changes while one looks: read once, then followed by its event stream. */
import { type QueryFunction, type QueryKey, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { watch } from "./stream";
import { Trouble } from "./trouble";

export interface Live<T> {
  data: T | undefined;
  trouble: Trouble | null;
  /** The stream has broken; what is shown may be old, and it is being opened again. */
  behind: boolean;
  again: () => void;
}

export function useLive<T, K extends QueryKey>(
  options: { queryKey: K; queryFn?: QueryFunction<T, K> | symbol },
  path: string,
  ended: (state: T) => boolean,
): Live<T> {
  const client = useQueryClient();
  const [behind, setBehind] = useState(false);
  const [failure, setFailure] = useState<Trouble | null>(null);
  const query = useQuery<T, Error, T, K>({
    queryKey: options.queryKey,
    queryFn: options.queryFn as QueryFunction<T, K>,
    refetchInterval: behind ? 5_000 : false,
  });
  const { data } = query;
  const over = data !== undefined && ended(data);
  const follow = data !== undefined && !over;
  const key = JSON.stringify(options.queryKey);
  useEffect(() => {
    if (!follow) return undefined;
    const stop = new AbortController();
    const watcher = {
      state: (state: T) => client.setQueryData(JSON.parse(key) as QueryKey, state),
      live: (live: boolean) => setBehind(!live),
      failed: setFailure,
    };
    void watch<T>(path, ended, watcher, stop.signal);
    return () => stop.abort();
    // `ended` is a function of the module, the same in every call.
  }, [client, follow, key, path, ended]);
  const trouble = failure ?? (query.error instanceof Trouble ? query.error : null);
  return {
    data,
    trouble: data === undefined || failure !== null ? trouble : null,
    behind: behind && !over,
    again: () => {
      setFailure(null);
      void query.refetch();
    },
  };
}
