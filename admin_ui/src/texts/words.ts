/** Words that several screens use: numbers of things, the classes of a cell, the directions. */
import { count, LOCALE } from "../formats";
import type { CellClass, Direction } from "../api/queries";

const plural = new Intl.PluralRules("en");

export const some = (number: number, one: string, other = `${one}s`): string =>
  `${count(number)} ${plural.select(number) === "one" ? one : other}`;

/** How many cells: in a merchant's words a BOM at a location is a place. */
export const cells = (number: number): string => some(number, "place");
export const boms = (number: number): string => some(number, "BOM");
export const runs = (number: number): string => some(number, "run");

export const lists = new Intl.ListFormat(LOCALE.startsWith("en") ? LOCALE : "en", { type: "conjunction" });

export const CLASS_NAMES: Record<CellClass, string> = {
  in_sync: "In sync",
  shopify_moved: "Shopify changed",
  local_moved: "Local changed",
  both_moved: "Both changed",
  no_base: "Never agreed",
  not_compared: "Not compared",
};

export const CLASS_MEANINGS: Record<CellClass, string> = {
  in_sync: "Both sides agree.",
  shopify_moved: "Shopify's value changed since both sides last agreed; the local value did not.",
  local_moved: "The local value changed since both sides last agreed; Shopify's did not.",
  both_moved: "Both values changed since they last agreed. A person has to choose.",
  no_base: "The two sides have never agreed here, or nobody has counted yet. A person has to choose.",
  not_compared: "Shopify has no value of its own here that could be compared.",
};

export const DIRECTIONS: Record<Direction, { title: string; help: string; short: string }> = {
  toShopify: {
    title: "Update Shopify to match local values",
    help: "Push pre-assembled / local values to Shopify",
    short: "Local → Shopify",
  },
  toLocal: {
    title: "Update local values to match Shopify",
    help: "Accept current Shopify inventory as the correct values",
    short: "Shopify → local",
  },
};
