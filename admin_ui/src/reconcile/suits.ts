/** Which cells a direction suits. */
import type { CellClass, Direction } from "../api/queries";

const UNSUITED: Record<Direction, readonly CellClass[]> = {
  toLocal: ["local_moved", "both_moved"],
  toShopify: ["shopify_moved", "both_moved"],
};

/** The classes where the direction overwrites a change that was made on the receiving side. */
export const unsuited = (direction: Direction): readonly CellClass[] => UNSUITED[direction];
