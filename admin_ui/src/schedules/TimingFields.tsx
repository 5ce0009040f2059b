/** When a schedule runs: days and a time, without anybody having to know cron. */
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { Checkbox, Field, FieldGrid, Inline, Select, Stack, Text } from "../kit";
import { T } from "../texts";
import { type Fields, timingOf, WEEK, wrongTiming, zoneOf } from "./fields";
import { momentsQuery } from "./queries";
import { inZone } from "./words";

interface TimingFieldsProps {
  fields: Fields;
  wrong: Partial<Record<keyof Fields, string>>;
  shopZone: string | null;
  onChange: (changes: Partial<Fields>) => void;
}

const KINDS = (["weekly", "daily", "hourly", "cron"] as const).map((value) => ({ value, label: T.schedules.kinds[value] }));

export function TimingFields({ fields, wrong, shopZone, onChange }: TimingFieldsProps) {
  const atATime = fields.kind === "daily" || fields.kind === "weekly";
  return (
    <Stack gap="300">
      <FieldGrid>
        <Select
          label={T.schedules.columns.when}
          options={KINDS}
          value={fields.kind}
          onChange={(kind) => onChange({ kind })}
        />
        {atATime && <Field type="time" label={T.schedules.at} value={fields.at} error={wrong.at} onChange={(at) => onChange({ at })} />}
        {fields.kind === "hourly" && (
          <Field
            label={T.schedules.minute}
            inputMode="numeric"
            value={fields.minute}
            error={wrong.minute}
            onChange={(minute) => onChange({ minute })}
          />
        )}
        {fields.kind === "cron" && (
          <Field
            label={T.schedules.expression}
            help={T.schedules.expressionHelp}
            value={fields.expression}
            error={wrong.expression}
            onChange={(expression) => onChange({ expression })}
          />
        )}
        <Field
          label={T.drift.quietZone}
          placeholder={shopZone ?? T.schedules.shopZone}
          help={T.schedules.zoneHelp}
          value={fields.zone}
          onChange={(zone) => onChange({ zone })}
        />
      </FieldGrid>
      {fields.kind === "weekly" && <Days fields={fields} wrong={wrong.days} onChange={onChange} />}
      {Object.keys(wrongTiming(fields)).length === 0 && <Coming fields={fields} />}
    </Stack>
  );
}

interface DaysProps {
  fields: Fields;
  wrong: string | undefined;
  onChange: (changes: Partial<Fields>) => void;
}

function Days({ fields, wrong, onChange }: DaysProps) {
  const title = useId();
  return (
    <div role="group" aria-labelledby={title}>
      <Stack gap="200">
        <span id={title}>{T.schedules.days}</span>
        <Inline gap="300">
          {WEEK.map((day) => (
            <Checkbox
              key={day}
              isSelected={fields.days.includes(day)}
              onChange={(chosen) => onChange({ days: WEEK.filter((one) => (one === day ? chosen : fields.days.includes(one))) })}
            >
              {T.schedules.weekdays[day]}
            </Checkbox>
          ))}
        </Inline>
        {wrong !== undefined && <Text tone="caution">{wrong}</Text>}
      </Stack>
    </div>
  );
}

/** The next three runs, in the zone that counts. */
function Coming({ fields }: { fields: Fields }) {
  const found = useQuery(momentsQuery(timingOf(fields), zoneOf(fields)));
  if (found.data === undefined) return null;
  const { moments, time_zone: zone } = found.data;
  return <Text tone="subdued">{T.schedules.coming(moments.map((moment) => inZone(moment, zone)), zone)}</Text>;
}
