/** What a run that waits would do, place by place: those that are left ticked are approved. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { type Direction, type Preview, previewQuery } from "../api/queries";
import { policyQuery } from "../drift/queries";
import { Button, Dialog, Heading, Skeleton, Stack, Text, toast } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { ConfirmField, isConfirmed } from "../reconcile/ConfirmField";
import { limitOf, needsTyping } from "../reconcile/confirm";
import { leaveOutBody, NOTHING, useLeavingOut } from "../reconcile/leftOut";
import { PreviewTable } from "../reconcile/PreviewTable";
import { useWillChange } from "../reconcile/useWillChange";
import { WhatChanges } from "../reconcile/WhatChanges";
import { DIRECTIONS, T } from "../texts";
import { decide, type Run, runQuery } from "./queries";

interface ApproveSomeProps {
  run: Run;
  onClose: () => void;
}

export function ApproveSomeDialog({ run, onClose }: ApproveSomeProps) {
  const preview = useQuery(previewQuery(run.run_id));
  if (preview.data !== undefined && run.direction !== null) {
    return <Choose run={run} direction={run.direction} preview={preview.data} onClose={onClose} />;
  }
  return (
    <Dialog title={T.schedules.chooseTitle(run.schedule_name)} wide onClose={onClose} footer={<Button onPress={onClose}>{T.close}</Button>}>
      {preview.error === null ? <Skeleton label={T.loading} lines={6} /> : <TroubleNote trouble={preview.error} again={() => void preview.refetch()} />}
    </Dialog>
  );
}

function Choose({ run, direction, preview, onClose }: ApproveSomeProps & { direction: Direction; preview: Preview }) {
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  // What the schedule leaves to a person is taken only where that person ticks it.
  const base = useMemo(() => ({ ...NOTHING, classes: run.leave_out_classes }), [run.leave_out_classes]);
  const forget = useCallback(() => setTyped(""), []);
  const leaving = useLeavingOut(run.run_id, forget, base);
  const weighed = useWillChange(run.run_id, direction, leaving.out);
  const limit = limitOf(useQuery(policyQuery).data);
  const cells = weighed.data?.cells ?? 0;
  const largest = weighed.data?.largest ?? 0;
  const mustType = needsTyping(cells, largest, limit);
  const say = useMutation({
    mutationFn: () => decide(run, "approve", leaveOutBody(leaving.out)),
    onSuccess: (decided) => {
      client.setQueryData(runQuery(run.schedule_id, run.run_id).queryKey, decided);
      toast({ text: T.schedules.approved(run.schedule_name, cells), tone: "success" });
      onClose();
    },
    // Also where somebody else was faster: the list tells what has become of it.
    onSettled: () => client.invalidateQueries({ queryKey: ["schedules"] }),
  });
  return (
    <Dialog
      title={T.schedules.chooseTitle(run.schedule_name)}
      wide
      onClose={onClose}
      step="ready"
      footer={
        <>
          {mustType && <ConfirmField cells={cells} largest={largest} limit={limit} typed={typed} onType={setTyped} />}
          <Button onPress={onClose}>{T.schedules.notYet}</Button>
          <Button
            variant="primary"
            isDisabled={cells === 0 || weighed.isOld || (mustType && !isConfirmed(typed, cells))}
            isPending={say.isPending}
            onPress={() => say.mutate()}
          >
            {T.schedules.runIt(cells)}
          </Button>
        </>
      }
    >
      <Stack gap="400">
        <Heading level={3}>{DIRECTIONS[direction].title}</Heading>
        <Text>{T.schedules.chooseText}</Text>
        {weighed.error !== null && weighed.data === undefined ? (
          <TroubleNote trouble={weighed.error} again={weighed.again} />
        ) : (
          <WhatChanges changes={weighed.data} direction={direction} isOld={weighed.isOld} />
        )}
        {say.error !== null && <TroubleNote trouble={say.error} />}
        <PreviewTable preview={preview} direction={direction} leaving={leaving} />
      </Stack>
    </Dialog>
  );
}
