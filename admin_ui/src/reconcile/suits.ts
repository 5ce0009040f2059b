/** Which cells a direction suits, and what it will change. */
import type { Schema } from "../api/client";
import type { CellClass, Direction } from "../api/queries";

const UNSUITED: Record<Direction, readonly CellClass[]> = {
  toLocal: ["local_moved", "both_moved"],
  toShopify: ["shopify_moved", "both_moved"],
};

/** The classes where the direction overwrites a change that was made on the receiving side. */
export const unsuited = (direction: Direction): readonly CellClass[] => UNSUITED[direction];

export type Moves = Schema["Moves"];
export type Extreme = NonNullable<Moves["highest"]>;

export interface Change {
  by: number;
  from: number | null;
  to: number | null;
  at: Extreme;
}

export interface WhatChanges {
  cells: number;
  rise: Change | null;
  fall: Change | null;
}

/** What a run in this direction changes, without the classes that are left out. */
export function whatChanges(moves: readonly Moves[], direction: Direction, without: ReadonlySet<CellClass>): WhatChanges {
  const taken = moves.filter((move) => move.cell_class !== "in_sync" && !without.has(move.cell_class));
  const changes = taken
    .flatMap((move) => [move.highest, move.lowest])
    .filter((extreme) => extreme !== null)
    .map((extreme) => changeOf(extreme, direction));
  const pick = (better: (a: number, b: number) => boolean, sign: number) =>
    changes
      .filter((change) => change.by * sign > 0)
      .reduce<Change | null>((best, change) => (best === null || better(change.by, best.by) ? change : best), null);
  return {
    // What Shopify would not take as it stands is told apart, not promised.
    cells: taken.reduce((sum, move) => sum + move.cells - (direction === "toShopify" ? refused(move) : 0), 0),
    rise: pick((a, b) => a > b, 1),
    fall: pick((a, b) => a < b, -1),
  };
}

function changeOf(at: Extreme, direction: Direction): Change {
  // The difference is Shopify's value less the local one.
  return direction === "toLocal"
    ? { by: at.difference, from: at.local_value, to: at.shopify_value, at }
    : { by: -at.difference, from: at.shopify_value, to: at.local_value, at };
}

/** Cells of a class that a run towards Shopify would report instead of changing. */
export const refused = (move: Moves): number => move.not_pushed.reduce((sum, entry) => sum + entry.count, 0);
