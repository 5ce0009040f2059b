/** Steps three and four: the run as it goes, and its summary. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { type Changes, href } from "../address";
import { api, body, type Schema } from "../api/client";
import { useLive } from "../api/live";
import { type Job, jobQuery, type Selection } from "../api/queries";
import { Banner, Button, Dialog, Heading, Progress, Spinner, Stack, Text } from "../kit";
import { RetryDialog } from "../history/RetryDialog";
import { TroubleNote } from "../parts/TroubleNote";
import { WhyHeld } from "../parts/WhyHeld";
import { DIRECTIONS, T } from "../texts";
import styles from "./RunStep.module.css";
import { RunTables } from "./RunTables";
import { endedCells, jobEnded } from "./states";
import { Summary } from "./Summary";
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
  const again = useNewPreview(job.data?.direction ?? "toShopify", onGo, () => failedCells(jobId));
  if (retrying && job.data !== undefined) return <RetryDialog job={job.data} onClose={() => setRetrying(false)} />;
  return (
    <Dialog
      title={T.preview.title}
      wide
      onClose={onClose}
      step={over ? "over" : "running"}
      footer={<Actions job={job.data} onRetry={() => setRetrying(true)} again={again} onClose={onClose} />}
    >
      {job.trouble !== null ? (
        <TroubleNote trouble={job.trouble} again={job.again} />
      ) : job.data === undefined ? (
        <Spinner label={T.loading} />
      ) : (
        <Stack gap="400">
          <HowFar job={job.data} behind={job.behind} />
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
          <p>{job.state === "waiting" ? T.run.waitsFor : T.run.done(done, total)}</p>
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

interface ActionsProps {
  job: Job | undefined;
  onRetry: () => void;
  again: NewPreview;
  onClose: () => void;
}

function Actions({ job, onRetry, again, onClose }: ActionsProps) {
  const [, navigate] = useLocation();
  if (job === undefined) return <Button onPress={onClose}>{T.close}</Button>;
  if (!jobEnded(job)) return <Cancel job={job} onClose={onClose} />;
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

export function Cancel({ job, onClose }: { job: Job; onClose?: () => void }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const cancel = useMutation({
    mutationFn: () => body(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: job.job_id } } })),
    onSuccess: (now) => client.setQueryData(["job", job.job_id], now),
  });
  if (cancel.error !== null) return <TroubleNote trouble={cancel.error} again={() => cancel.mutate()} />;
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
      {onClose !== undefined && <Button onPress={onClose}>{T.close}</Button>}
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
