/** Make, change or remove a schedule. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { ulid } from "ulid";
import { api, body, type Schema } from "../api/client";
import { Banner, Button, Checkbox, Dialog, Field, FieldGrid, Select, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { DIRECTIONS, T } from "../texts";
import { type Fields, fieldsOf, scheduleOf, wrongIn } from "./fields";
import type { Schedule } from "./queries";

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
          <FormFields
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

interface FormFieldsProps {
  fields: Fields;
  wrong: Partial<Record<keyof Fields, string>>;
  schedule: Schedule | null;
  shopZone: string | null;
  locations: readonly Schema["LocationOut"][];
  onChange: (changes: Partial<Fields>) => void;
}

const options = (names: Record<string, string>) => Object.entries(names).map(([value, label]) => ({ value, label }));

function FormFields({ fields, wrong, schedule, shopZone, locations, onChange }: FormFieldsProps) {
  const text = (name: "name" | "tag" | "at" | "minute" | "expression" | "zone" | "url" | "secret") => ({
    autoComplete: "off",
    value: fields[name],
    error: wrong[name],
    onChange: (value: string) => onChange({ [name]: value }),
  });
  const places = [
    { label: T.schedules.allPlaces, value: "" },
    ...locations.map((place) => ({ label: place.name, value: place.location_id })),
  ];
  const takes = {
    all: T.schedules.takesAll,
    tag: T.schedules.takesTag,
    ...(schedule !== null && fieldsOf(schedule).takes === "as_is" && { as_is: T.schedules.takesAsIs }),
  };
  return (
    <>
      <Field label={T.schedules.columns.name} maxLength={200} {...text("name")} />
      <Select
        label={T.schedules.columns.does}
        options={options({
          preview: T.schedules.actions.preview,
          toShopify: DIRECTIONS.toShopify.title,
          toLocal: DIRECTIONS.toLocal.title,
        })}
        value={fields.does}
        onChange={(does) => onChange({ does: does as Fields["does"] })}
      />
      {fields.does !== "preview" && <Banner tone="warning">{T.schedules.unseen(fields.does)}</Banner>}
      <FieldGrid>
        <Select
          label={T.schedules.takes}
          options={options(takes)}
          value={fields.takes}
          onChange={(value) => onChange({ takes: value as Fields["takes"] })}
        />
        {fields.takes === "tag" && <Field label={T.list.filterTag} maxLength={200} {...text("tag")} />}
        {fields.takes !== "as_is" && (
          <Select label={T.list.filterLocation} options={places} value={fields.location} onChange={(location) => onChange({ location })} />
        )}
      </FieldGrid>
      <FieldGrid>
        <Select
          label={T.schedules.columns.when}
          options={options(T.schedules.kinds)}
          value={fields.kind}
          onChange={(kind) => onChange({ kind: kind as Fields["kind"] })}
        />
        {fields.kind === "daily" && <Field type="time" label={T.schedules.at} {...text("at")} />}
        {fields.kind === "hourly" && <Field label={T.schedules.minute} inputMode="numeric" {...text("minute")} />}
        {fields.kind === "cron" && <Field label={T.schedules.expression} help={T.schedules.expressionHelp} {...text("expression")} />}
        <Field label={T.drift.quietZone} placeholder={shopZone ?? T.schedules.shopZone} help={T.schedules.zoneHelp} {...text("zone")} />
      </FieldGrid>
      <Select
        label={T.schedules.missed}
        options={options(T.schedules.missedChoices)}
        value={fields.missed}
        onChange={(missed) => onChange({ missed: missed as Fields["missed"] })}
      />
      <details open={fields.url !== ""}>
        <summary>{T.schedules.target}</summary>
        <Stack gap="300">
          <Text tone="subdued">{T.schedules.targetHelp}</Text>
          <Field type="url" label={T.schedules.url} placeholder="https://" {...text("url")} />
          {fields.url !== "" && (
            <Field
              type="password"
              label={T.schedules.secret}
              help={schedule?.target == null ? undefined : T.schedules.secretStays}
              {...text("secret")}
            />
          )}
        </Stack>
      </details>
      <Checkbox isSelected={fields.enabled} onChange={(enabled) => onChange({ enabled })}>
        {T.schedules.enabled}
      </Checkbox>
    </>
  );
}
