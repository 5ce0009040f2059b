/** What a schedule may do without a person. */
import type { Direction } from "../api/queries";
import { Banner, Field, FieldGrid, Heading, Select, Stack, Text } from "../kit";
import { T } from "../texts";
import type { Fields } from "./fields";

interface LimitFieldsProps {
  fields: Fields;
  wrong: Partial<Record<keyof Fields, string>>;
  direction: Direction;
  onChange: (changes: Partial<Fields>) => void;
}

export function LimitFields({ fields, wrong, direction, onChange }: LimitFieldsProps) {
  return (
    <Stack gap="300">
      <Heading level={3}>{T.schedules.limits}</Heading>
      <Select
        label={T.schedules.differences}
        options={[
          { value: "safe", label: T.schedules.safe[direction] },
          { value: "all", label: T.schedules.all },
        ]}
        value={fields.differences}
        onChange={(differences) => onChange({ differences: differences })}
      />
      {fields.differences === "all" && <Banner tone="warning">{T.schedules.unseen(direction)}</Banner>}
      <FieldGrid>
        <Field
          label={T.schedules.maxMove}
          inputMode="numeric"
          value={fields.move}
          error={wrong.move}
          onChange={(move) => onChange({ move })}
        />
        <Field
          label={T.schedules.maxShare}
          inputMode="decimal"
          value={fields.share}
          error={wrong.share}
          onChange={(share) => onChange({ share })}
        />
      </FieldGrid>
      <Text tone="subdued">{T.schedules.limitsHelp}</Text>
    </Stack>
  );
}
