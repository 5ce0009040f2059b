/** What a run will change, in one sentence. */
import type { CellClass, Direction } from "../api/queries";
import { Heading, Panel, Text } from "../kit";
import { at, T } from "../texts";
import { type Change, type Moves, refused, type WhatChanges as Changes } from "./suits";

interface WhatChangesProps {
  changes: Changes;
  direction: Direction;
  moves: readonly Moves[];
  without: ReadonlySet<CellClass>;
}

const told = (change: Change, words: typeof T.preview.rise) =>
  words(change.by, change.from, change.to, at(change.at.bom_name, change.at.location_name));

export function WhatChanges({ changes, direction, moves, without }: WhatChangesProps) {
  const taken = direction === "toShopify" ? moves.filter((move) => !without.has(move.cell_class)) : [];
  const notPushed = new Map<string, { number: number; text: string }>();
  for (const entry of taken.flatMap((move) => move.not_pushed)) {
    const number = (notPushed.get(entry.code)?.number ?? 0) + entry.count;
    notPushed.set(entry.code, { number, text: [entry.message, entry.remedy].filter(Boolean).join(" ") });
  }
  const all = taken.reduce((sum, move) => sum + refused(move), 0);
  return (
    <Panel label={T.preview.whatChanges}>
      <Heading level={4}>{T.preview.whatChanges}</Heading>
      <p>{all > 0 && changes.cells === 0 ? T.preview.nothingPushed : sentence(changes, direction, without.size > 0)}</p>
      {direction === "toShopify" && (changes.fall?.to ?? 1) <= 0 && <Text tone="caution">{T.preview.emptied}</Text>}
      {all > 0 && (
        <div>
          <p>{T.preview.refused(all)}</p>
          <ul>
            {[...notPushed].map(([code, { number, text }]) => (
              <li key={code}>
                {number} × {text}
              </li>
            ))}
          </ul>
        </div>
      )}
    </Panel>
  );
}

function sentence(changes: Changes, direction: Direction, someLeft: boolean): string {
  if (changes.cells === 0) return someLeft ? T.preview.nothingLeft : T.preview.nothing;
  const parts = [
    T.preview.changes(changes.cells, direction),
    changes.rise === null ? T.preview.noRise : told(changes.rise, T.preview.rise),
    changes.fall === null ? T.preview.noFall : told(changes.fall, T.preview.fall),
  ];
  return `${parts.join("; ")}. ${T.preview.untouched(direction)} ${T.preview.sales}`;
}
