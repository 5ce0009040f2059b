/** What is written into a schedule. */
import type { Schema } from "../api/client";
import { Checkbox, Field, FieldGrid, Select, Stack, Text } from "../kit";
import { DIRECTIONS, T } from "../texts";
import { type Fields, fieldsOf } from "./fields";
import { LimitFields } from "./LimitFields";
import type { Schedule } from "./queries";
import { TimingFields } from "./TimingFields";

type TextName = "name" | "tag" | "url" | "secret";

interface ScheduleFieldsProps {
  fields: Fields;
  wrong: Partial<Record<keyof Fields, string>>;
  schedule: Schedule | null;
  shopZone: string | null;
  locations: readonly Schema["LocationOut"][];
  onChange: (changes: Partial<Fields>) => void;
}

const options = (names: Record<string, string>) => Object.entries(names).map(([value, label]) => ({ value, label }));

export function ScheduleFields({ fields, wrong, schedule, shopZone, locations, onChange }: ScheduleFieldsProps) {
  const text = (name: TextName) => ({
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
      {fields.does !== "preview" && <LimitFields fields={fields} wrong={wrong} direction={fields.does} onChange={onChange} />}
      <TimingFields fields={fields} wrong={wrong} shopZone={shopZone} onChange={onChange} />
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
