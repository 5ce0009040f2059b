/** What the shop is told, followed live while somebody looks. */
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { api, body, type Schema } from "../api/client";
import { watch } from "../api/stream";

export type Notice = Schema["NoticeOut"];
export type NoticeState = Schema["NoticeState"];

const LATEST = 20;
/** Where the live connection is not to be had. */
const ASK_AGAIN = 15_000;

export const NOTICES = ["notices"] as const;

const noticesQuery = queryOptions({
  queryKey: NOTICES,
  queryFn: async ({ signal }): Promise<NoticeState> => {
    const { open, unseen, items } = await body(api.GET("/api/notices", { signal, params: { query: { limit: LATEST } } }));
    return { open, unseen, items };
  },
});

function onVisible(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}

const never = () => false;

/** A tab that nobody sees keeps no connection: a browser has few of them, and the first state is the present one. */
export function useNotices(): NoticeState | undefined {
  const client = useQueryClient();
  const isSeen = useSyncExternalStore(onVisible, () => document.visibilityState === "visible");
  const [behind, setBehind] = useState(false);
  const { data } = useQuery({ ...noticesQuery, enabled: behind && isSeen, refetchInterval: behind ? ASK_AGAIN : false });
  useEffect(() => {
    if (!isSeen) return undefined;
    const stop = new AbortController();
    const watcher = {
      state: (state: NoticeState) => client.setQueryData(NOTICES, state),
      live: (live: boolean) => setBehind(!live),
      failed: () => setBehind(true),
    };
    void watch<NoticeState>("/api/events/notices", never, watcher, stop.signal);
    return () => stop.abort();
  }, [client, isSeen]);
  return data;
}

/** The same as the bell shows, for screens below it. */
export function useNoticesRead(): NoticeState | undefined {
  return useQuery({ ...noticesQuery, enabled: false }).data;
}

const MOST_SHOWN = 3;

/** Previews that wait for a decision. */
export const openDecisions = (state: NoticeState | undefined): readonly Notice[] =>
  state?.items.filter((one) => one.open && one.matter === "preview_waits").slice(0, MOST_SHOWN) ?? [];
