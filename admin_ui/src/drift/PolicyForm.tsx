/** What is done about missed webhooks by itself, and where a person is asked. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../api/client";
import { Checkbox, Field, FieldGrid, Heading, SaveBar, Select, Skeleton, Stack, toast } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { type Policy, policyQuery } from "./queries";

export function PolicyForm() {
  const policy = useQuery(policyQuery);
  return (
    <Stack gap="300">
      <Heading level={2} id="policy">
        {T.drift.policy}
      </Heading>
      {policy.data === undefined ? (
        policy.error === null ? (
          <Skeleton label={T.loading} lines={5} />
        ) : (
          <TroubleNote trouble={policy.error} again={() => void policy.refetch()} />
        )
      ) : (
        <Form key={JSON.stringify(policy.data)} policy={policy.data} />
      )}
    </Stack>
  );
}

interface Fields {
  mode: Policy["mode"];
  share: string;
  move: string;
  jobs: string;
  quiet: boolean;
  from: string;
  to: string;
  zone: string;
}

const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

const fieldsOf = (policy: Policy): Fields => ({
  mode: policy.mode,
  share: String(Math.round(policy.max_share * 10_000) / 100),
  move: String(policy.max_move),
  jobs: String(policy.jobs_per_hour),
  quiet: policy.quiet_hours != null,
  from: policy.quiet_hours?.start ?? "22:00",
  to: policy.quiet_hours?.end ?? "06:00",
  zone: policy.quiet_hours?.time_zone ?? here,
});

const whole = (text: string, most: number): boolean => /^[1-9][0-9]*$/.test(text) && Number(text) <= most;

const MOST_MOVE = 2_000_000_000;
const MOST_JOBS = 1_000;

function Form({ policy }: { policy: Policy }) {
  const client = useQueryClient();
  const [fields, setFields] = useState(() => fieldsOf(policy));
  const put = (changes: Partial<Fields>) => {
    setFields({ ...fields, ...changes });
    save.reset();
  };
  const share = /^[0-9]+([.,][0-9]+)?$/.test(fields.share) ? Number(fields.share.replace(",", ".")) : Number.NaN;
  const wrong = {
    share: share >= 0 && share <= 100 ? undefined : T.drift.shareNumber,
    move: whole(fields.move, MOST_MOVE) ? undefined : T.drift.wholeNumber(MOST_MOVE),
    jobs: whole(fields.jobs, MOST_JOBS) ? undefined : T.drift.wholeNumber(MOST_JOBS),
  };
  const valid = Object.values(wrong).every((text) => text === undefined);
  const save = useMutation({
    mutationFn: () =>
      body(
        api.PUT("/api/drift/policy", {
          body: {
            mode: fields.mode,
            max_share: share / 100,
            max_move: Number(fields.move),
            jobs_per_hour: Number(fields.jobs),
            quiet_hours: fields.quiet ? { start: fields.from, end: fields.to, time_zone: fields.zone } : null,
          },
        }),
      ),
    onSuccess: async (saved) => {
      await client.cancelQueries({ queryKey: policyQuery.queryKey });
      client.setQueryData(policyQuery.queryKey, saved as Policy);
      void client.invalidateQueries({ queryKey: ["drift", "summary"] });
      // Who has changed it stands among the shop's settings.
      void client.invalidateQueries({ queryKey: ["settings"] });
      toast({ text: T.drift.saved, tone: "success" });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (valid) save.mutate();
  };
  return (
    <form onSubmit={submit} aria-labelledby="policy" noValidate>
      <Stack gap="300">
        <Select
          label={T.drift.mode}
          options={Object.entries(T.drift.modes).map(([value, label]) => ({ value, label }))}
          value={fields.mode}
          onChange={(mode) => put({ mode: mode as Policy["mode"] })}
        />
        <FieldGrid>
          <Field
            label={T.drift.maxShare}
            inputMode="decimal"
            value={fields.share}
            error={wrong.share}
            onChange={(text) => put({ share: text })}
          />
          <Field label={T.drift.maxMove} inputMode="numeric" value={fields.move} error={wrong.move} onChange={(move) => put({ move })} />
          <Field
            label={T.drift.jobsPerHour}
            inputMode="numeric"
            value={fields.jobs}
            error={wrong.jobs}
            onChange={(jobs) => put({ jobs })}
          />
        </FieldGrid>
        <Checkbox isSelected={fields.quiet} onChange={(quiet) => put({ quiet })}>
          {T.drift.quiet}
        </Checkbox>
        {fields.quiet && (
          <FieldGrid>
            <Field type="time" label={T.drift.quietFrom} value={fields.from} onChange={(from) => put({ from })} />
            <Field type="time" label={T.drift.quietTo} value={fields.to} onChange={(to) => put({ to })} />
            <Field label={T.drift.quietZone} value={fields.zone} onChange={(zone) => put({ zone })} />
          </FieldGrid>
        )}
        {save.error !== null && <TroubleNote trouble={save.error} />}
        <SaveBar
          isDirty={JSON.stringify(fields) !== JSON.stringify(fieldsOf(policy))}
          isSaving={save.isPending}
          onSave={() => valid && save.mutate()}
          onDiscard={() => {
            setFields(fieldsOf(policy));
            save.reset();
          }}
        />
      </Stack>
    </form>
  );
}
