/** One run: what it was, its figures, each place before and after, what failed and why, notes, and its undo. */
import { useState } from "react";
import { useLocation } from "wouter";
import { href } from "../address";
import { useLive } from "../api/live";
import { type Job, jobQuery } from "../api/queries";
import { dateTime } from "../formats";
import { Banner, Button, Card, Inline, Page, Progress, Skeleton, Stack, Tabs, Text } from "../kit";
import { SaveButton } from "../parts/SaveButton";
import { TroubleNote } from "../parts/TroubleNote";
import { WhyHeld } from "../parts/WhyHeld";
import { endedCells, jobEnded } from "../reconcile/states";
import { Summary } from "../reconcile/Summary";
import { DIRECTIONS, T } from "../texts";
import { CancelRun } from "./CancelRun";
import { FailedCells } from "./FailedCells";
import { JobCells } from "./JobCells";
import { HowItEnded, LeftOutCodes, Relations } from "./HowItEnded";
import { Notes } from "./Notes";
import { RetryDialog } from "./RetryDialog";
import { StateBadge } from "./StateBadge";
import { runTitle } from "./titles";
import { UndoDialog } from "./UndoDialog";

export default function JobPage({ jobId }: { jobId: string }) {
  const job = useLive(jobQuery(jobId), `/api/jobs/${jobId}/events`, jobEnded);
  const [, navigate] = useLocation();
  return (
    <Page
      title={job.data === undefined ? T.history.title : runTitle(job.data)}
      {...(job.data !== undefined && { subtitle: subtitle(job.data) })}
      back={{ label: T.history.back, onPress: () => navigate(href("/history")) }}
    >
      {job.trouble !== null ? (
        <TroubleNote trouble={job.trouble} again={job.again} />
      ) : job.data === undefined ? (
        <Skeleton label={T.loading} lines={6} />
      ) : (
        <Run job={job.data} behind={job.behind} reload={job.again} />
      )}
    </Page>
  );
}

function subtitle(job: Job): string {
  const by = T.runPage.startedBy(job.who);
  const when = dateTime(job.requested_at);
  return job.no === null ? `${by}, ${when}` : `${T.runPage.no(job.no)} · ${by}, ${when}`;
}

function Run({ job, behind, reload }: { job: Job; behind: boolean; reload: () => void }) {
  const [undoing, setUndoing] = useState(false);
  const [retrying, setRetrying] = useState(false);
  const [, navigate] = useLocation();
  const over = jobEnded(job);
  const undo = () => setUndoing(true);
  return (
    <Stack gap="400">
      {behind && <Banner tone="warning">{T.behind}</Banner>}
      <HowItEnded job={job} onUndo={undo} />
      <Card>
        <Stack gap="400">
          <Inline gap="300">
            <StateBadge state={job.state} />
            <Text as="span" strong>
              {DIRECTIONS[job.direction].title}
            </Text>
          </Inline>
          <Relations job={job} />
          <LeftOutCodes job={job} />
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
            {job.may_be_undone && <Button onPress={undo}>{job.undone_by === null ? T.history.undo : T.runPage.undoRest}</Button>}
            {over && job.totals.errors > 0 && <Button onPress={() => setRetrying(true)}>{T.runPage.retry}</Button>}
            {!over && <CancelRun job={job} reload={reload} />}
            {(!over || job.totals.errors > 0) && (
              <Button onPress={() => navigate(href(window.location.pathname, { reconcile: "run", job: job.job_id }))}>
                {over ? T.run.viewErrors(job.totals.errors) : T.show}
              </Button>
            )}
            <SaveButton label={T.history.csv} path={`/api/jobs/${job.job_id}/export.csv`} file={`job-${job.job_id}.csv`} />
            <Button onPress={() => navigate(href(`/history/${job.job_id}/print`))}>{T.runPage.print}</Button>
          </Inline>
        </Stack>
      </Card>
      <Card>
        <Parts job={job} />
      </Card>
      <Card>
        <Notes job={job} />
      </Card>
      {undoing && <UndoDialog job={job} onClose={() => setUndoing(false)} />}
      {retrying && <RetryDialog job={job} onClose={() => setRetrying(false)} />}
    </Stack>
  );
}

/** The places before and after, and, where some failed, those by themselves. */
function Parts({ job }: { job: Job }) {
  const [part, setPart] = useState<"cells" | "errors">("cells");
  const failed = job.totals.errors;
  if (failed === 0) return <JobCells job={job} />;
  return (
    <Tabs
      label={T.runPage.parts}
      tabs={[
        { name: "cells", title: T.runPage.tabs.cells },
        { name: "errors", title: T.runPage.tabs.errors, badge: String(failed) },
      ]}
      chosen={part}
      onChoose={setPart}
    >
      {part === "cells" ? <JobCells job={job} /> : <FailedCells job={job} />}
    </Tabs>
  );
}

