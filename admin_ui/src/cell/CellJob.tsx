/** The run of one place: while it goes, how it ended, and its undo. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ulid } from "ulid";
import { api, body } from "../api/client";
import { useLive } from "../api/live";
import { type Job, jobQuery } from "../api/queries";
import { Button, Inline, Spinner, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { jobEnded } from "../reconcile/states";
import { T } from "../texts";

interface CellJobProps {
  jobId: string;
  again: () => void;
  /** The undo has been asked for, as a run of this id. */
  onUndo: (jobId: string) => void;
}

export function CellJob({ jobId, again, onUndo }: CellJobProps) {
  const client = useQueryClient();
  const job = useLive(jobQuery(jobId), `/api/jobs/${jobId}/events`, jobEnded);
  const over = job.data !== undefined && jobEnded(job.data);
  useQuery({
    // The list shows what has changed.
    queryKey: ["cell", "after", jobId],
    queryFn: async () => {
      await client.invalidateQueries({ queryKey: ["boms"] });
      return true;
    },
    enabled: over,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (job.trouble !== null) return <TroubleNote trouble={job.trouble} again={job.again} />;
  if (job.data === undefined || !over) {
    return (
      <div role="status">
        <Inline gap="200">
          <Spinner small label={T.cell.working} />
          <Text>{(job.data?.paused ?? job.data?.held)?.message ?? (job.data?.state === "waiting" ? T.run.waitsFor : T.cell.working)}</Text>
        </Inline>
      </div>
    );
  }
  return <Outcome job={job.data} again={again} onUndo={onUndo} />;
}

function Outcome({ job, again, onUndo }: { job: Job } & Omit<CellJobProps, "jobId">) {
  const failed = job.first_errors[0];
  const skipped = job.reasons[0];
  if (job.state === "completed") {
    const changed = job.source === "undo" ? T.cell.undone : T.cell.updated;
    return (
      <Stack gap="200">
        <div role="status">
          <Text>{job.totals.updated > 0 ? changed : (skipped?.message ?? T.cell.agree)}</Text>
        </div>
        <Inline gap="200">
          {job.totals.updated > 0 && job.source !== "undo" && <UndoButton job={job} onUndo={onUndo} />}
          <Button onPress={again}>{T.cell.readAgain}</Button>
        </Inline>
      </Stack>
    );
  }
  return (
    <div role="alert">
      <Stack gap="200">
        <Text strong>{failed?.message ?? job.failure?.message ?? T.run.headings[job.state]}</Text>
        <Text>{failed?.remedy ?? job.failure?.remedy ?? ""}</Text>
        <div>
          <Button onPress={again}>{T.preview.again}</Button>
        </div>
      </Stack>
    </div>
  );
}

function UndoButton({ job, onUndo }: { job: Job; onUndo: (jobId: string) => void }) {
  const [undoId] = useState(() => ulid());
  const undo = useMutation({
    mutationFn: () => body(api.POST("/api/jobs/{job_id}/undo", { params: { path: { job_id: job.job_id } }, body: { job_id: undoId } })),
    onSuccess: (made) => onUndo(made.job_id),
  });
  return (
    <>
      <Button isPending={undo.isPending} onPress={() => undo.mutate()}>
        {T.cell.undo}
      </Button>
      {undo.error !== null && <TroubleNote trouble={undo.error} again={() => undo.mutate()} />}
    </>
  );
}
