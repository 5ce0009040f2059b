/** What a run will change, and nothing else: how much, how far, what goes to zero, and what cannot be changed and why. */
import type { Schema } from "../api/client";
import type { Direction } from "../api/queries";
import { Heading, Panel, Text } from "../kit";
import { at, T } from "../texts";
import type { WillChange } from "./useWillChange";

type Moved = Schema["MovedRowOut"];

export function WhatChanges({ changes, direction, isOld }: { changes: WillChange | undefined; direction: Direction; isOld: boolean }) {
  return (
    <Panel label={T.preview.whatChanges}>
      <Heading level={4}>{T.preview.whatChanges}</Heading>
      <div aria-busy={isOld || changes === undefined}>
        {changes === undefined ? <Text tone="subdued">{T.changes.weighing}</Text> : <Told changes={changes} direction={direction} />}
      </div>
    </Panel>
  );
}

function Told({ changes, direction }: { changes: WillChange; direction: Direction }) {
  const refused = sum(changes.refused);
  const notCompared = sum(changes.not_compared);
  return (
    <>
      <p>{changes.cells === 0 ? nothing(changes, refused) : sentence(changes, direction)}</p>
      {changes.emptied > 0 && <Text tone="caution">{T.changes.emptied(changes.emptied, direction)}</Text>}
      {changes.left_out > 0 && <p>{T.changes.leftOut(changes.left_out)}</p>}
      {refused > 0 && <Reasons title={T.changes.cannot(refused)} of={changes.refused} />}
      {notCompared > 0 && <Reasons title={T.changes.notCompared(notCompared)} of={changes.not_compared} />}
      {changes.cells > 0 && (
        <Text tone="subdued">{T.changes.effort(changes.effort.seconds, changes.effort.calls, changes.effort.points)}</Text>
      )}
    </>
  );
}

const sum = (counts: readonly { count: number }[]) => counts.reduce((total, one) => total + one.count, 0);

function nothing(changes: WillChange, refused: number): string {
  if (refused > 0) return T.preview.nothingPushed;
  return changes.left_out > 0 ? T.preview.nothingLeft : T.preview.nothing;
}

function sentence(changes: WillChange, direction: Direction): string {
  const end = (row: Moved | null, words: typeof T.changes.rise) =>
    row?.by == null ? "" : words(row.by, row.before, row.after, at(row.bom_name ?? row.bom_id, row.location_name ?? row.location_id));
  return [
    T.changes.changes(changes.cells, direction) + T.changes.units(changes.up, changes.down),
    end(changes.rise, T.changes.rise),
    end(changes.fall, T.changes.fall),
    changes.first_counts > 0 ? T.changes.firstCounts(changes.first_counts) : "",
    T.preview.untouched(direction),
    T.preview.sales,
  ]
    .filter(Boolean)
    .join(" ");
}

function Reasons({ title, of }: { title: string; of: readonly Schema["CodeCount"][] }) {
  return (
    <div>
      <p>{title}</p>
      <ul>
        {of.map(({ code, count, message, remedy }) => (
          <li key={code}>
            {count} × {[message ?? code, remedy].filter(Boolean).join(" ")}
          </li>
        ))}
      </ul>
    </div>
  );
}
