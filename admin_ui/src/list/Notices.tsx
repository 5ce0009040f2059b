/** What goes on or waits for somebody, told above the list: a run, a preview, drift that needs a person. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { href, useParams } from "../address";
import { driftQuery, openJobsQuery } from "../api/queries";
import { dateTime, percent } from "../formats";
import { Banner } from "../kit";
import { keepUndecided, undecided } from "../reconcile/kept";
import { DIRECTIONS, T } from "../texts";

export function Notices() {
  const [params, change] = useParams();
  const [, navigate] = useLocation();
  const open = useQuery(openJobsQuery);
  const drift = useQuery(driftQuery);
  const [, refresh] = useState(0);
  const waits = params.has("reconcile") ? null : undecided();
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
      {waits !== null && (
        <Banner
          tone="info"
          title={T.previewWaits(dateTime(waits.at))}
          action={{
            label: T.show,
            onPress: () => change({ reconcile: "preview", preview: waits.previewId, direction: waits.direction }),
          }}
          onDismiss={() => {
            keepUndecided(null);
            refresh((n) => n + 1);
          }}
        />
      )}
    </>
  );
}
