/** Steps three and four: the run as it goes, and its summary. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { type Changes, href } from "../address";
import { api, body, type Schema } from "../api/client";
import { useLive } from "../api/live";
import { type Job, jobQuery, type Selection } from "../api/queries";
import { Banner, Button, Dialog, Heading, Progress, Spinner, Stack, Text } from "../kit";
import { Trouble } from "../api/trouble";
import { RetryDialog } from "../history/RetryDialog";
import { UndoDialog } from "../history/UndoDialog";
import { TroubleNote } from "../parts/TroubleNote";
import { WhyHeld } from "../parts/WhyHeld";
import { DIRECTIONS, T } from "../texts";
import styles from "./RunStep.module.css";
import { RunTables } from "./RunTables";
import { runNumbers, secondsLeft } from "./runNumbers";
import { endedCells, jobEnded } from "./states";
import { Summary } from "./Summary";
import { cameTooLate, TooLate } from "./TooLate";
import { type NewPreview, useNewPreview } from "./useNewPreview";

/** The most failed cells that are taken into one new preview. */
const AGAIN = 5_000;
const PAGE = 250;

interface RunStepProps {
  jobId: string;
  onClose: () => void;
  onGo: (changes: Changes, options?: { replace?: boolean }) => void;
}

export function RunStep({ jobId, onClose, onGo }: RunStepProps) {
  const client = useQueryClient();
  const job = useLive(jobQuery(jobId), `/api/jobs/${jobId}/events`, jobEnded);
  const over = job.data !== undefined && jobEnded(job.data);
  // Before it begins it has no cells to count.
  const begun = job.data !== undefined && !["requested", "waiting"].includes(job.data.state);
  useEffect(() => {
    if (!over) return;
    // Everything that tells of stock or of runs has changed.
    for (const name of ["boms", "jobs", "drift"]) void client.invalidateQueries({ queryKey: [name] });
  }, [over, client]);
  const [retrying, setRetrying] = useState(false);
  const cancel = useMutation({
    mutationFn: () => body(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: jobId } } })),
    onSuccess: (now) => client.setQueryData(["job", jobId], now),
    // It has ended meanwhile: how, its own state tells.
    onError: job.again,
  });
  const [undoing, setUndoing] = useState(false);
  const refusedLate = cancel.error instanceof Trouble && cancel.error.status === 409;
  const late = job.data !== undefined && over && (cameTooLate(job.data) || refusedLate);
  const again = useNewPreview(job.data?.direction ?? "toShopify", onGo, () => failedCells(jobId));
  if (undoing && job.data !== undefined) return <UndoDialog job={job.data} onClose={() => setUndoing(false)} />;
  if (retrying && job.data !== undefined) return <RetryDialog job={job.data} onClose={() => setRetrying(false)} />;
  return (
    <Dialog
      title={T.preview.title}
      wide
      onClose={onClose}
      step={over ? "over" : "running"}
      footer={<Actions job={job.data} onRetry={() => setRetrying(true)} cancel={cancel} again={again} onClose={onClose} />}
    >
      {job.trouble !== null ? (
        <TroubleNote trouble={job.trouble} again={job.again} />
      ) : job.data === undefined ? (
        <Spinner label={T.loading} />
      ) : (
        <Stack gap="400">
          <HowFar job={job.data} behind={job.behind} />
          {late && <TooLate job={job.data} onUndo={() => setUndoing(true)} />}
          {cancel.error !== null && !late && !refusedLate && <TroubleNote trouble={cancel.error} again={() => cancel.mutate()} />}
          {begun && <Summary job={job.data} />}
          {again.trouble !== null && <TroubleNote trouble={again.trouble} again={again.take} />}
          {begun && <RunTables job={job.data} />}
        </Stack>
      )}
    </Dialog>
  );
}

function HowFar({ job, behind }: { job: Job; behind: boolean }) {
  const over = jobEnded(job);
  const { total } = job.totals;
  const done = endedCells(job.totals);
  return (
    <Stack gap="300">
      <div role="status">
        <Stack gap="100">
          <Heading level={3}>{T.run.headings[job.state]}</Heading>
          <Text tone="subdued">{DIRECTIONS[job.direction].title}</Text>
        </Stack>
      </div>
      {!over && (
        <>
          <Heading level={4} id="running">
            {T.run.running}
          </Heading>
          <Progress value={total === 0 ? 0 : (100 * done) / total} labelledBy="running" />
          <p>{job.state === "waiting" ? T.run.waitsFor : going(job, done)}</p>
          <Text tone="subdued">{T.run.background}</Text>
        </>
      )}
      {behind && <Banner tone="warning">{T.behind}</Banner>}
      <WhyHeld job={job} />
      {job.failure !== null && (
        <Banner tone="critical" title={job.failure.message}>
          <p>{job.failure.remedy}</p>
        </Banner>
      )}
    </Stack>
  );
}

/** How far it is, in the numbers that were told before, and how long it still takes. */
function going(job: Job, done: number): string {
  const numbers = runNumbers(job);
  const left = secondsLeft(job, Date.now());
  const told = numbers === null ? T.run.done(done, job.totals.total) : T.changes.progress(numbers.toChange, numbers.changed, numbers.failed);
  return left === null ? told : `${told}. ${T.changes.secondsLeft(left)}`;
}

interface Act {
  mutate: () => void;
  isPending: boolean;
}

interface ActionsProps {
  job: Job | undefined;
  onRetry: () => void;
  cancel: Act;
  again: NewPreview;
  onClose: () => void;
}

function Actions({ job, onRetry, cancel, again, onClose }: ActionsProps) {
  const [, navigate] = useLocation();
  if (job === undefined) return <Button onPress={onClose}>{T.close}</Button>;
  if (!jobEnded(job)) return <Cancel job={job} cancel={cancel} onClose={onClose} />;
  return (
    <>
      <Button variant="plain" onPress={() => navigate(href(`/history/${job.job_id}`))}>
        {T.run.open}
      </Button>
      {job.totals.errors > 0 && (
        <>
          <Button onPress={again.take} isPending={again.busy}>
            {T.run.newPreview}
          </Button>
          <Button onPress={onRetry}>{T.run.retry}</Button>
        </>
      )}
      <Button variant="primary" onPress={onClose}>
        {T.run.finish}
      </Button>
    </>
  );
}

function Cancel({ job, cancel, onClose }: { job: Job; cancel: Act; onClose: () => void }) {
  const [asked, setAsked] = useState(false);
  if (asked && !job.cancel_requested) {
    return (
      <div role="alert" className={styles.ask}>
        <Text as="span">{T.run.cancelAsk}</Text>
        <Button onPress={() => setAsked(false)}>{T.run.cancelNo}</Button>
        <Button tone="critical" isPending={cancel.isPending} onPress={() => cancel.mutate()}>
          {T.run.cancelYes}
        </Button>
      </div>
    );
  }
  return (
    <>
      <Button isDisabled={job.cancel_requested} onPress={() => setAsked(true)}>
        {job.cancel_requested ? T.run.cancelling : T.run.cancel}
      </Button>
      <Button onPress={onClose}>{T.close}</Button>
    </>
  );
}

/** The failed cells of a job as a selection. */
async function failedCells(jobId: string): Promise<Selection> {
  const cells: Schema["CellRef"][] = [];
  let total = 1;
  while (cells.length < Math.min(total, AGAIN)) {
    const page = await body(
      api.GET("/api/jobs/{job_id}/cells", {
        params: { path: { job_id: jobId }, query: { state: "error", limit: PAGE, offset: cells.length } },
      }),
    );
    total = page.total;
    if (page.items.length === 0) break;
    cells.push(...page.items.map(({ bom_id, location_id }) => ({ bom_id, location_id })));
  }
  return { cells };
}
