/** The popover of a place. */
import { count } from "../formats";
import type { Direction } from "../api/queries";

const side = (direction: Direction): string => (direction === "toShopify" ? "Shopify" : "The local value");

export const cell = {
  label: (bom: string, location: string) => `${bom} at ${location}`,
  local: "Local value",
  localIs: { count: "counted here", last_known: "Shopify's, as last known" },
  shopify: "Shopify value",
  was: (base: number) => `Both sides last agreed on ${count(base)}.`,
  reading: "Reading Shopify…",
  push: "Push to Shopify",
  pull: "Pull from Shopify",
  pushes: (from: number, to: number) => `Shopify ${count(from)} → ${count(to)}`,
  pulls: (from: number | null, to: number) => `Local ${count(from)} → ${count(to)}`,
  working: "Working…",
  agree: "Both sides agree.",
  updated: "Done. Both sides agree.",
  undone: "Undone.",
  undo: "Undo",
  undoing: "Taking it back…",
  overwritesShopify: "Overwrites a change made in Shopify.",
  overwritesLocal: "Overwrites a change made here.",
  changed: (when: string) => `Shopify's value is from ${when}.`,
  empties: (direction: Direction) =>
    direction === "toShopify"
      ? "Shopify goes to zero here, so nothing more can be sold at this place."
      : "The local value goes to zero here.",
  large: (by: number, limit: number) => `It moves by ${count(by)} units, more than your limit of ${count(limit)}.`,
  type: (to: string) => `Type ${to} to confirm`,
  typeWrong: (to: string) => `This is not ${to}.`,
  set: (direction: Direction, to: number) => `${side(direction)} becomes ${count(to)}: yes, change it`,
  keep: "Keep as it is",
  count: "Counted on the shelf",
  countHelp: "Sets the local value of this place. Shopify is not changed by it.",
  countWrong: "Write a whole number, zero or more.",
  save: "Save count",
  saved: (from: number | null, to: number) => `Counted: ${count(from)} → ${count(to)}.`,
  countMoved: "The count changed while you were writing. Look at the new values, then count again.",
  readAgain: "Show both values",
} as const;
