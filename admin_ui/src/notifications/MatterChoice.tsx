import { Checkbox, FieldGrid } from "../kit";
import { T } from "../texts";
import type { Matter } from "./queries";

interface MatterChoiceProps {
  label: string;
  matters: readonly Matter[];
  chosen: ReadonlySet<Matter>;
  onChoose: (chosen: ReadonlySet<Matter>) => void;
}

/** What somebody is told of. */
export function MatterChoice({ label, matters, chosen, onChoose }: MatterChoiceProps) {
  const put = (matter: Matter, is: boolean) => {
    const next = new Set(chosen);
    if (is) next.add(matter);
    else next.delete(matter);
    onChoose(next);
  };
  return (
    <div role="group" aria-label={label}>
      <FieldGrid>
        {matters.map((matter) => (
          <Checkbox key={matter} isSelected={chosen.has(matter)} onChange={(is) => put(matter, is)}>
            {T.notifications.matters[matter]}
          </Checkbox>
        ))}
      </FieldGrid>
    </div>
  );
}
