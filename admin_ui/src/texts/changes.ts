/** What a run will change, before it does; and the same numbers in the same words while it runs and after it. */
import { change, count } from "../formats";
import type { Direction } from "../api/queries";
import { boms, cells, some } from "./words";

const units = (number: number): string => some(number, "unit");

export const changes = {
  weighing: "Adding up what will change…",
  toChange: (places: number, ofBoms: number) => `${cells(places)} of ${boms(ofBoms)} to change`,
  changes: (places: number, direction: Direction) =>
    direction === "toShopify"
      ? `${cells(places)} in Shopify will be set to the local value`
      : `${cells(places)} here will be set to Shopify's value`,
  units: (up: number, down: number) =>
    up > 0 && down > 0
      ? `: ${units(up)} more and ${units(down)} fewer in all.`
      : up > 0
        ? `: ${units(up)} more in all.`
        : down > 0
          ? `: ${units(down)} fewer in all.`
          : ".",
  rise: (by: number, from: number | null, to: number, where: string) =>
    `The largest rise is ${change(by)} (${count(from)} → ${count(to)}), at ${where}.`,
  fall: (by: number, from: number | null, to: number, where: string) =>
    `The largest fall is ${change(by)} (${count(from)} → ${count(to)}), at ${where}.`,
  firstCounts: (places: number) => `${cells(places)} get their first count.`,
  emptied: (places: number, direction: Direction) =>
    direction === "toShopify"
      ? `${cells(places)} ${places === 1 ? "goes" : "go"} to zero. Shopify is left without stock there, so nothing more can be sold. Where Shopify is right, change the direction.`
      : `${cells(places)} ${places === 1 ? "goes" : "go"} to zero here. Where the shelf is not empty, leave it out.`,
  leftOut: (places: number) => `${cells(places)} that ${places === 1 ? "differs is" : "differ are"} left out and ${places === 1 ? "stays" : "stay"} as ${places === 1 ? "it is" : "they are"}.`,
  cannot: (places: number) => `${cells(places)} cannot be changed now:`,
  notCompared: (places: number) => `${cells(places)} could not be compared and ${places === 1 ? "stays as it is" : "stay as they are"}:`,
  effort: (seconds: number, calls: number, points: number) =>
    `It takes about ${count(seconds)} s: ${some(calls, "call")} to Shopify, ${some(points, "point")} of what it allows the app.`,
  secondsLeft: (seconds: number) => `About ${count(seconds)} s left.`,
  sign: "The difference is Shopify's number less the local one: +3 means that Shopify has three more.",
  localIs: { count: "counted", last_known: "last known" },
  columns: { base: "Was", becomes: "Becomes" },
  stays: "stays",
  search: "Search the places of this preview",
  searchHint: "BOM name or id",
  location: "Location",
  all: "All",
  orders: {
    size: "Largest difference first",
    no: "By BOM id",
    name: "BOM name, A to Z",
    "-name": "BOM name, Z to A",
    location: "Location, A to Z",
    "-location": "Location, Z to A",
    shopify: "Shopify, least first",
    "-shopify": "Shopify, most first",
    local: "Local, least first",
    "-local": "Local, most first",
    base: "Was, least first",
    "-base": "Was, most first",
    difference: "Difference, least first",
    "-difference": "Difference, most first",
    class: "What moved, A to Z",
    "-class": "What moved, Z to A",
  },
  takeBom: (bom: string) => `${bom}: include all its places`,
  takePlace: (bom: string, place: string) => `${bom} at ${place}: include in the run`,
  leaveOutShown: "Leave out all shown",
  includeShown: "Include all shown",
  tooMany:
    "So much cannot be left out one by one: at most 5,000 places, 200 BOMs, and 200 places taken back from what is left out. Leave out what is of one kind, or select fewer BOMs for this preview.",
  // The same numbers in the same words, from the start to the summary.
  progress: (toChange: number, changed: number, failed: number) =>
    `${count(toChange)} to change: ${count(changed)} changed, ${count(failed)} failed`,
  settled: (places: number) => `${cells(places)} no longer needed a change.`,
  cancelled: (places: number) => `${cells(places)} cancelled before the change.`,
  refused: (places: number) => `${cells(places)} could not be changed, as the preview said.`,
  leftOutOfRun: (places: number) => `Left out of this run (${count(places)})`,
  leftOutTable: "Left out of this run",
  tooLate: {
    title: "The cancel came too late",
    text: "The run had already ended, so nothing was held back. What it changed can be undone.",
    undo: "Undo this run",
  },
} as const;
