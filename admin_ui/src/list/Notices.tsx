/** What goes on or waits for somebody, told above the list: a run, a preview, drift that needs a person. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { memo } from "react";
import { useLocation } from "wouter";
import { href, useParams } from "../address";
import { api, body } from "../api/client";
import { driftQuery, openJobsQuery } from "../api/queries";
import { dateTime, percent } from "../formats";
import { Banner } from "../kit";
import { openDecisions, useNoticesRead } from "../notices/queries";
import { undecided } from "../reconcile/kept";
import { DIRECTIONS, T } from "../texts";

export const Notices = memo(function Notices() {
  const [params, change] = useParams();
  const [, navigate] = useLocation();
  const open = useQuery(openJobsQuery);
  const drift = useQuery(driftQuery);
  // The shop's, whoever has asked for it and wherever: decided once, it is gone for everybody.
  const decisions = openDecisions(useNoticesRead());
  const waits = params.has("reconcile") ? [] : decisions;
  const dismiss = useMutation({
    mutationFn: (notice_id: string) => body(api.POST("/api/notices/{notice_id}/dismiss", { params: { path: { notice_id } } })),
  });
  const look = (previewId: string) => {
    const kept = undecided();
    // Which side is right was chosen in this browser only.
    if (kept?.previewId === previewId) change({ reconcile: "preview", preview: previewId, direction: kept.direction });
    else change({ reconcile: "choose", preview: previewId });
  };
  const person = drift.data !== undefined && (drift.data.breaker !== null || drift.data.unrepaired_cells > 0);
  return (
    <>
      {person && (
        <Banner
          tone={drift.data.breaker === null ? "info" : "warning"}
          title={drift.data.breaker === null ? T.drift.unrepairedTitle(drift.data.unrepaired_cells) : T.drift.bannerTitle}
          action={{ label: T.drift.look, onPress: () => navigate(href("/drift")) }}
        >
          {drift.data.breaker !== null && <p>{T.drift.banner(drift.data.unrepaired_cells)}</p>}
        </Banner>
      )}
      {open.data?.items.map((job) => {
        const { total, pending, applying } = job.totals;
        const done = total === 0 ? 0 : (total - pending - applying) / total;
        const direction = DIRECTIONS[job.direction].short;
        return (
          <Banner
            key={job.job_id}
            tone="info"
            title={job.state === "running" ? T.running(percent(done), direction) : T.waiting(direction)}
            action={{ label: T.show, onPress: () => change({ reconcile: "run", job: job.job_id }) }}
          />
        );
      })}
      {waits.map((one) => (
        <Banner
          key={one.notice_id}
          tone="info"
          title={T.previewWaits(dateTime(one.at))}
          action={{ label: T.show, onPress: () => look(one.subject) }}
          onDismiss={() => dismiss.mutate(one.notice_id)}
        />
      ))}
    </>
  );
});
