/** One run: its figures, each cell before and after, and its undo. */
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { href } from "../address";
import { useLive } from "../api/live";
import { type Job, jobQuery } from "../api/queries";
import { dateTime } from "../formats";
import { Banner, Button, Card, Heading, Inline, Page, Progress, Skeleton, Stack, Text } from "../kit";
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
    <Page title={title} back={{ label: T.history.back, onPress: () => navigate(href("/history")) }}>
      {job.trouble !== null ? (
        <TroubleNote trouble={job.trouble} again={job.again} />
      ) : job.data === undefined ? (
        <Skeleton label={T.loading} lines={6} />
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
    <Stack gap="400">
      {behind && <Banner tone="warning">{T.behind}</Banner>}
      <Card>
        <Stack gap="400">
          <Inline gap="300">
            <StateBadge state={job.state} />
            <Text as="span" strong>
              {DIRECTIONS[job.direction].title}
            </Text>
            <Text as="span" tone="subdued">
              {T.history.sources[job.source]} · {T.history.who(job.requested_by)}
            </Text>
          </Inline>
          <Relations job={job} />
          {!over && (
            <>
              <span id="run-progress">{T.run.done(endedCells(job.totals), job.totals.total)}</span>
              <Progress labelledBy="run-progress" value={job.totals.total === 0 ? 0 : (100 * endedCells(job.totals)) / job.totals.total} />
            </>
          )}
          {job.failure !== null && (
            <Banner tone="warning" title={job.failure.message}>
              <p>{job.failure.remedy}</p>
            </Banner>
          )}
          <WhyHeld job={job} />
          <Summary job={job} />
          <Inline gap="300">
            {mayUndo && <Button onPress={() => setUndoing(true)}>{T.history.undo}</Button>}
            {!over || job.totals.errors > 0 ? (
              <Button onPress={() => navigate(href(window.location.pathname, { reconcile: "run", job: job.job_id }))}>
                {over ? T.run.viewErrors(job.totals.errors) : T.show}
              </Button>
            ) : null}
            <SaveButton label={T.history.csv} path={`/api/jobs/${job.job_id}/export.csv`} file={`job-${job.job_id}.csv`} />
          </Inline>
        </Stack>
      </Card>
      <Card>
        <Stack gap="300">
          <Heading level={2}>{T.history.cells}</Heading>
          <JobCells job={job} />
        </Stack>
      </Card>
      {undoing && <UndoDialog job={job} onClose={() => setUndoing(false)} />}
    </Stack>
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
