/** One run: its figures, each cell before and after, and its undo. */
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { href } from "../address";
import { useLive } from "../api/live";
import { type Job, jobQuery } from "../api/queries";
import { dateTime } from "../formats";
import { Banner, BlockStack, Button, Card, InlineStack, Page, ProgressBar, SkeletonBodyText, Text } from "../kit";
import { SaveButton } from "../parts/SaveButton";
import { TroubleNote } from "../parts/TroubleNote";
import { WhyHeld } from "../parts/WhyHeld";
import { endedCells, jobEnded } from "../reconcile/states";
import { Summary } from "../reconcile/Summary";
import { DIRECTIONS, T } from "../texts";
import { JobCells } from "./JobCells";
import { StateBadge } from "./StateBadge";
import { UndoDialog } from "./UndoDialog";

export default function JobPage({ jobId }: { jobId: string }) {
  const job = useLive(jobQuery(jobId), `/api/jobs/${jobId}/events`, jobEnded);
  const [, navigate] = useLocation();
  const title = job.data === undefined ? T.history.title : T.history.run(dateTime(job.data.requested_at));
  return (
    <Page title={title} fullWidth backAction={{ content: T.history.back, onAction: () => navigate(href("/history")) }}>
      {job.trouble !== null ? (
        <TroubleNote trouble={job.trouble} again={job.again} />
      ) : job.data === undefined ? (
        <SkeletonBodyText lines={6} />
      ) : (
        <Run job={job.data} behind={job.behind} />
      )}
    </Page>
  );
}

function Run({ job, behind }: { job: Job; behind: boolean }) {
  const [undoing, setUndoing] = useState(false);
  const [, navigate] = useLocation();
  const over = jobEnded(job);
  const mayUndo = over && job.totals.updated > 0 && job.source !== "undo";
  return (
    <BlockStack gap="400">
      {behind && <Banner tone="warning">{T.behind}</Banner>}
      <Card>
        <BlockStack gap="400">
          <InlineStack gap="300" blockAlign="center">
            <StateBadge state={job.state} />
            <Text as="span" fontWeight="semibold">
              {DIRECTIONS[job.direction].title}
            </Text>
            <Text as="span" tone="subdued">
              {T.history.sources[job.source]} · {T.history.who(job.requested_by)}
            </Text>
          </InlineStack>
          <Relations job={job} />
          {!over && (
            <>
              <span id="run-progress">{T.run.done(endedCells(job.totals), job.totals.total)}</span>
              <ProgressBar
                size="small"
                ariaLabelledBy="run-progress"
                progress={job.totals.total === 0 ? 0 : (100 * endedCells(job.totals)) / job.totals.total}
              />
            </>
          )}
          {job.failure !== null && (
            <Banner tone="warning" title={job.failure.message}>
              <p>{job.failure.remedy}</p>
            </Banner>
          )}
          <WhyHeld job={job} />
          <Summary job={job} />
          <InlineStack gap="300">
            {mayUndo && <Button onClick={() => setUndoing(true)}>{T.history.undo}</Button>}
            {!over || job.totals.errors > 0 ? (
              <Button onClick={() => navigate(href(window.location.pathname, { reconcile: "run", job: job.job_id }))}>
                {over ? T.run.viewErrors(job.totals.errors) : T.show}
              </Button>
            ) : null}
            <SaveButton label={T.history.csv} path={`/api/jobs/${job.job_id}/export.csv`} file={`job-${job.job_id}.csv`} />
          </InlineStack>
        </BlockStack>
      </Card>
      <Card>
        <BlockStack gap="300">
          <Text as="h2" variant="headingMd">
            {T.history.cells}
          </Text>
          <JobCells job={job} />
        </BlockStack>
      </Card>
      {undoing && <UndoDialog job={job} onClose={() => setUndoing(false)} />}
    </BlockStack>
  );
}

/** The runs that this one follows, or that follow it. */
function Relations({ job }: { job: Job }) {
  const related = [
    [T.history.of, job.of_job_id],
    [T.history.undoneBy, job.undone_by],
    [T.history.retriedBy, job.retried_by],
  ] as const;
  return (
    <>
      {related.map(([text, jobId]) =>
        jobId === null ? null : (
          <Link key={text} href={href(`/history/${jobId}`)}>
            {text}
          </Link>
        ),
      )}
    </>
  );
}
