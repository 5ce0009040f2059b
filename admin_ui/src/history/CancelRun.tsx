/** Cancels what a run has not begun, once asked for twice. A run that has ended meanwhile says so by itself. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import type { Job } from "../api/queries";
import { Trouble } from "../api/trouble";
import { Button, Dialog, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";

export function CancelRun({ job, reload }: { job: Job; reload: () => void }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const cancel = useMutation({
    mutationFn: () => body(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: job.job_id } } })),
    onSuccess: (now) => {
      client.setQueryData(["job", job.job_id], now);
      setAsking(false);
    },
    onError: (error) => {
      if (!(error instanceof Trouble && error.status === 409)) return;
      setAsking(false);
      reload();
    },
  });
  return (
    <>
      <Button isDisabled={job.cancel_requested} onPress={() => setAsking(true)}>
        {job.cancel_requested ? T.run.cancelling : T.runPage.cancel}
      </Button>
      {asking && (
        <Dialog
          title={T.runPage.cancel}
          onClose={() => setAsking(false)}
          footer={
            <>
              <Button onPress={() => setAsking(false)}>{T.run.cancelNo}</Button>
              <Button variant="primary" tone="critical" isPending={cancel.isPending} onPress={() => cancel.mutate()}>
                {T.run.cancelYes}
              </Button>
            </>
          }
        >
          <Text>{T.run.cancelAsk}</Text>
          {cancel.error !== null && <TroubleNote trouble={cancel.error} again={() => cancel.mutate()} />}
        </Dialog>
      )}
    </>
  );
}
