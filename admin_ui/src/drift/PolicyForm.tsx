/** What is done about missed webhooks by itself, and where a person is asked. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../api/client";
import { BlockStack, Button, Checkbox, InlineStack, Select, SkeletonBodyText, Text, TextField } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { type Policy, policyQuery } from "./queries";

export function PolicyForm() {
  const policy = useQuery(policyQuery);
  return (
    <BlockStack gap="300">
      <Text as="h2" variant="headingMd" id="policy">
        {T.drift.policy}
      </Text>
      {policy.data === undefined ? (
        policy.error === null ? (
          <SkeletonBodyText lines={5} />
        ) : (
          <TroubleNote trouble={policy.error} again={() => void policy.refetch()} />
        )
      ) : (
        <Form key={JSON.stringify(policy.data)} policy={policy.data} />
      )}
    </BlockStack>
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
    onSuccess: () => client.invalidateQueries({ queryKey: ["drift", "summary"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (valid) save.mutate();
  };
  return (
    <form onSubmit={submit} aria-labelledby="policy" noValidate>
      <BlockStack gap="300">
        <Select
          label={T.drift.mode}
          options={Object.entries(T.drift.modes).map(([value, label]) => ({ value, label }))}
          value={fields.mode}
          onChange={(mode) => put({ mode: mode as Policy["mode"] })}
        />
        <div className="fields">
          <TextField label={T.drift.maxShare} inputMode="decimal" autoComplete="off" value={fields.share} error={wrong.share} onChange={(text) => put({ share: text })} />
          <TextField label={T.drift.maxMove} inputMode="numeric" autoComplete="off" value={fields.move} error={wrong.move} onChange={(move) => put({ move })} />
          <TextField label={T.drift.jobsPerHour} inputMode="numeric" autoComplete="off" value={fields.jobs} error={wrong.jobs} onChange={(jobs) => put({ jobs })} />
        </div>
        <Checkbox label={T.drift.quiet} checked={fields.quiet} onChange={(quiet) => put({ quiet })} />
        {fields.quiet && (
          <div className="fields">
            <TextField type="time" label={T.drift.quietFrom} autoComplete="off" value={fields.from} onChange={(from) => put({ from })} />
            <TextField type="time" label={T.drift.quietTo} autoComplete="off" value={fields.to} onChange={(to) => put({ to })} />
            <TextField label={T.drift.quietZone} autoComplete="off" value={fields.zone} onChange={(zone) => put({ zone })} />
          </div>
        )}
        {save.error !== null && <TroubleNote trouble={save.error} />}
        <InlineStack gap="300" blockAlign="center">
          <Button submit disabled={!valid} loading={save.isPending}>
            {T.drift.save}
          </Button>
          <span role="status">{save.isSuccess ? T.drift.saved : ""}</span>
        </InlineStack>
      </BlockStack>
    </form>
  );
}
