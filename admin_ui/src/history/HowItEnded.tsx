/** What has become of a run besides its figures: cancelled too late or on the way, undone, retried. */
import { Link } from "wouter";
import { href } from "../address";
import type { Job } from "../api/queries";
import { Banner, Stack, Text } from "../kit";
import { jobEnded } from "../reconcile/states";
import { T } from "../texts";

export function HowItEnded({ job, onUndo }: { job: Job; onUndo: () => void }) {
  const { updated, cancelled } = job.totals;
  const undo = job.may_be_undone ? { action: { label: T.history.undo, onPress: onUndo } } : {};
  if (!jobEnded(job) || !job.cancel_requested) return null;
  if (cancelled === 0 && job.state !== "cancelled") {
    return (
      <div role="alert">
        <Banner tone="warning" title={T.runPage.tooLateTitle} {...undo}>
          <p>{T.runPage.tooLate(updated)}</p>
        </Banner>
      </div>
    );
  }
  if (updated === 0) return null;
  return (
    <Banner tone="warning" title={T.runPage.stoppedTitle} {...undo}>
      <p>{T.runPage.stopped(updated, cancelled)}</p>
    </Banner>
  );
}

const UNDER_WAY = new Set(["requested", "waiting", "running"]);

/** The runs that this one is made of, or that are made of it. */
export function Relations({ job }: { job: Job }) {
  const undone =
    job.undone_state === null
      ? ""
      : UNDER_WAY.has(job.undone_state)
        ? T.runPage.undoing
        : job.undone_state === "completed"
          ? T.runPage.undone
          : T.runPage.undonePartly;
  const related = [
    ["", T.runPage.seeFirst, job.of_job_id],
    [undone, T.runPage.seeUndo, job.undone_by],
    [T.runPage.retriedBy, T.runPage.seeRetry, job.retried_by],
  ] as const;
  if (related.every(([, , jobId]) => jobId === null)) return null;
  return (
    <Stack gap="100">
      {related.map(([text, link, jobId]) =>
        jobId === null ? null : (
          <Text key={link}>
            {text} <Link href={href(`/history/${jobId}`)}>{link}</Link>
          </Text>
        ),
      )}
    </Stack>
  );
}

/** Of a retry what it has left out, since somebody had to mend it first. */
export function LeftOutCodes({ job }: { job: Job }) {
  if (job.without_codes.length === 0) return null;
  return (
    <details>
      <summary>{T.runPage.leftOutCodes}</summary>
      <ul>
        {job.without_codes.map(({ code, message, remedy }) => (
          <li key={code}>
            {message ?? code} {remedy}
          </li>
        ))}
      </ul>
    </details>
  );
}
