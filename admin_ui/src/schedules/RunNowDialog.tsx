/** A run wanted now: what it would do, or what it did, within the schedule's limits. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { ulid } from "ulid";
import { href } from "../address";
import { Button, Dialog, Spinner, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { type Run, runNow, runQuery, type Schedule } from "./queries";
import { Decision, Plan } from "./WaitingRun";
import { outcomeOf, whyItWaits } from "./words";

interface RunNowDialogProps {
  schedule: Schedule;
  /** Only look: it begins when the merchant has seen what it would do. */
  lookFirst: boolean;
  onClose: () => void;
}

export function RunNowDialog({ schedule, lookFirst, onClose }: RunNowDialogProps) {
  const client = useQueryClient();
  const [runId] = useState(() => ulid());
  const ask = useMutation({
    mutationFn: () => runNow(schedule.schedule_id, runId, lookFirst),
    onSuccess: (run) => {
      client.setQueryData(runQuery(schedule.schedule_id, runId).queryKey, run);
      void client.invalidateQueries({ queryKey: ["schedules", "list"] });
    },
  });
  const run = useQuery({ ...runQuery(schedule.schedule_id, runId), enabled: ask.isSuccess }).data;
  const state = run?.state;
  useEffect(() => {
    // What waits stands on the page behind, too.
    if (state === "waiting") void client.invalidateQueries({ queryKey: ["schedules", "list"] });
  }, [client, state]);
  const title = lookFirst ? T.schedules.lookTitle(schedule.name) : T.schedules.nowTitle(schedule.name);
  const close = <Button onPress={onClose}>{T.close}</Button>;
  return (
    <Dialog title={title} onClose={onClose} step={run?.state ?? ""} footer={close}>
      <Stack gap="300">
        {ask.isIdle && (
          <>
            <Text>{lookFirst ? T.schedules.lookText : T.schedules.nowText}</Text>
            <div>
              <Button variant="primary" onPress={() => ask.mutate()}>
                {lookFirst ? T.schedules.look : T.schedules.now}
              </Button>
            </div>
          </>
        )}
        {ask.error !== null && <TroubleNote trouble={ask.error} again={() => ask.mutate()} />}
        {run !== undefined && <Step run={run} />}
      </Stack>
    </Dialog>
  );
}

function Step({ run }: { run: Run }) {
  if (run.state === "due" || run.state === "comparing") {
    return (
      <p role="status">
        <Spinner /> {T.schedules.comparing}
      </p>
    );
  }
  if (run.state === "waiting") {
    return (
      <>
        <Text strong>{whyItWaits(run)}</Text>
        <Plan run={run} />
        <Decision run={run} />
      </>
    );
  }
  return (
    <p role="status">
      {outcomeOf(run)} {run.state !== "skipped" && run.direction !== null && <Link href={href(`/history/${run.run_id}`)}>{T.drift.run}</Link>}
    </p>
  );
}
