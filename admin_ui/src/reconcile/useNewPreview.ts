import { useMutation } from "@tanstack/react-query";
import { ulid } from "ulid";
import type { Changes } from "../address";
import { api, body } from "../api/client";
import type { Direction, Selection } from "../api/queries";
import { chosen, keepUndecided } from "./kept";

export interface NewPreview {
  take: () => void;
  busy: boolean;
  trouble: Error | null;
}

/** Ask for a new preview of `cells`, or of what was selected last, and show it. */
export function useNewPreview(
  direction: Direction,
  onGo: (changes: Changes) => void,
  selection?: () => Promise<Selection>,
): NewPreview {
  const ask = useMutation({
    mutationFn: async (previewId: string) => {
      const wanted = selection === undefined ? chosen()?.selection : await selection();
      if (wanted === undefined) return null;
      await body(api.POST("/api/previews", { body: { preview_id: previewId, selection: wanted } }));
      return previewId;
    },
    onSuccess: (previewId) => {
      if (previewId === null) {
        // The selection is not known in this tab: select again.
        onGo({ reconcile: "choose", preview: null, job: null });
        return;
      }
      keepUndecided({ previewId, direction, at: new Date().toISOString() });
      onGo({ reconcile: "preview", preview: previewId, direction, job: null });
    },
  });
  return { take: () => ask.mutate(ulid()), busy: ask.isPending, trouble: ask.error };
}
