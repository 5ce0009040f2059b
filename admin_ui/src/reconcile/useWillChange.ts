import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, body, type Schema } from "../api/client";
import type { Direction } from "../api/queries";
import { type LeftOut, leaveOutBody } from "./leftOut";

export type WillChange = Schema["ChangesOut"];

export interface Weighed {
  data: WillChange | undefined;
  /** What is shown is of what was left out before. */
  isOld: boolean;
  error: Error | null;
  again: () => void;
}

/** What a run over the preview will change, without what is left out: summed up by the service. */
export function useWillChange(previewId: string, direction: Direction, out: LeftOut): Weighed {
  const found = useQuery({
    queryKey: ["preview", previewId, "changes", direction, out],
    queryFn: ({ signal }) =>
      body(
        api.POST("/api/previews/{preview_id}/changes", {
          signal,
          params: { path: { preview_id: previewId } },
          body: { direction, leave_out: leaveOutBody(out) ?? null },
        }),
      ),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  return {
    data: found.data,
    isOld: found.isPlaceholderData,
    error: found.error,
    again: () => void found.refetch(),
  };
}
