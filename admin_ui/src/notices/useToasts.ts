/** Says what has ended elsewhere while the page is open; what was there when it was opened, the bell tells. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Job, Preview } from "../api/queries";
import { toast } from "../kit";
import { T } from "../texts";
import type { Notice, NoticeState } from "./queries";

/** What lasts is told by the bell and by its own screen; a repair is nobody's doing. */
const ENDS: ReadonlySet<Notice["matter"]> = new Set([
  "run_ended",
  "run_troubled",
  "preview_waits",
  "preview_failed",
  "schedule_waits",
  "schedule_failed",
  "schedule_skipped",
  "import_ended",
  "import_troubled",
]);

const MOST = 3;

export function useToasts(state: NoticeState | undefined, onShow: (link: string) => void): void {
  const client = useQueryClient();
  const known = useRef<Map<string, string> | null>(null);
  useEffect(() => {
    if (state === undefined) return;
    const before = known.current;
    const next = new Map(before);
    for (const notice of state.items) next.set(notice.notice_id, notice.at);
    known.current = next;
    if (before === null) return;
    const fresh = state.items.filter(
      (one) => before.get(one.notice_id) !== one.at && ENDS.has(one.matter) && one.dismissed_by === null && !isSeenHere(client, one),
    );
    for (const one of fresh.slice(0, MOST).reverse()) {
      if (one.urgency === "news") toast({ text: one.title, tone: "success" });
      else {
        const action = { label: T.show, onPress: () => onShow(one.link) };
        toast(one.urgency === "trouble" ? { text: one.title, tone: "critical", action } : { text: one.title, action });
      }
    }
  }, [state, client, onShow]);
}

/** Whether this tab shows it, or has shown how it ended. */
function isSeenHere(client: QueryClient, { subject, matter }: Notice): boolean {
  if (subject === "") return false;
  if (window.location.href.includes(subject)) return true;
  if (matter.startsWith("run_")) return client.getQueryData<Job>(["job", subject])?.finished_at != null;
  if (matter.startsWith("preview_")) return client.getQueryData<Preview>(["preview", subject])?.finished_at != null;
  return false;
}
