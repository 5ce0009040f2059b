/** Make, change or remove a schedule. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { ulid } from "ulid";
import { api, body, type Schema } from "../api/client";
import { Button, Dialog, Stack } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { fieldsOf, scheduleOf, wrongIn } from "./fields";
import type { Schedule } from "./queries";
import { ScheduleFields } from "./ScheduleFields";

interface ScheduleDialogProps {
  /** None: a new one. */
  schedule: Schedule | null;
  shopZone: string | null;
  locations: readonly Schema["LocationOut"][];
  onClose: () => void;
}

export function ScheduleDialog({ schedule, shopZone, locations, onClose }: ScheduleDialogProps) {
  const client = useQueryClient();
  const formId = useId();
  const [scheduleId] = useState(() => schedule?.schedule_id ?? ulid());
  const [fields, setFields] = useState(() => fieldsOf(schedule));
  const [tried, setTried] = useState(false);
  const path = { path: { schedule_id: scheduleId } };
  const done = () => {
    void client.invalidateQueries({ queryKey: ["schedules"] });
    onClose();
  };
  const save = useMutation({
    mutationFn: () => body(api.PUT("/api/schedules/{schedule_id}", { params: path, body: scheduleOf(fields, schedule) })),
    onSuccess: done,
  });
  const remove = useMutation({
    mutationFn: async () => {
      await api.DELETE("/api/schedules/{schedule_id}", { params: path });
    },
    onSuccess: done,
  });
  const wrong = wrongIn(fields, schedule);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(wrong).length === 0) save.mutate();
  };
  return (
    <Dialog
      title={schedule === null ? T.schedules.add : T.schedules.editOf(schedule.name)}
      onClose={onClose}
      footer={
        <>
          {schedule !== null && <Remove busy={remove.isPending} onRemove={() => remove.mutate()} />}
          <Button onPress={onClose}>{T.schedules.cancel}</Button>
          {/* The form's own button, so that Enter in any field saves. */}
          <Button type="submit" form={formId} variant="primary" isPending={save.isPending}>
            {T.schedules.save}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} noValidate>
        <Stack gap="400">
          {save.error !== null && <TroubleNote trouble={save.error} />}
          {remove.error !== null && <TroubleNote trouble={remove.error} />}
          <ScheduleFields
            fields={fields}
            wrong={tried ? wrong : {}}
            schedule={schedule}
            shopZone={shopZone}
            locations={locations}
            onChange={(changes) => setFields((now) => ({ ...now, ...changes }))}
          />
        </Stack>
      </form>
    </Dialog>
  );
}

function Remove({ busy, onRemove }: { busy: boolean; onRemove: () => void }) {
  const [asked, setAsked] = useState(false);
  if (!asked) return <Button onPress={() => setAsked(true)}>{T.schedules.remove}</Button>;
  return (
    <Button tone="critical" isPending={busy} onPress={onRemove}>
      {T.schedules.removeYes}
    </Button>
  );
}
