/** The dialog of a reconcile: choice, preview, run; and the undo of one. */
import { count } from "../formats";
import type { Direction } from "../api/queries";
import { cells, boms } from "./words";

export const choose = {
  heading: "Choose reconciliation direction",
  selection: (what: string) => `Selected: ${what}.`,
  notThis:
    "This compares finished goods with Shopify. It does not synchronise with raw materials: no component is built, used or returned.",
  then: "You see every difference before anything is changed.",
  gone: "The selection is no longer known here. Close this and select again.",
} as const;

export const preview = {
  title: "Reconcile inventory",
  comparing: "Comparing with Shopify",
  queued: "Waiting for a free reader…",
  read: (done: number, total: number) => `${count(done)} of ${cells(total)} read`,
  background: "You can close this; the preview goes on and is found again in the list.",
  slow: "This takes longer than usual: the service that reads Shopify may be busy or stopped. You can wait or close this.",
  discrepancies: (number: number) => `${boms(number)} with discrepancies`,
  inSync: (number: number) => `${boms(number)} already in sync`,
  notCompared: (number: number) => `${boms(number)} could not be compared`,
  table: "Places that differ",
  columns: {
    bom: "BOM name",
    location: "Location",
    shopify: "Shopify",
    local: "Local",
    difference: "Difference",
    moved: "What moved",
  },
  show: "Show",
  views: {
    differences: (number: number) => `Differences (${count(number)})`,
    in_sync: (number: number) => `In sync (${count(number)})`,
    not_compared: (number: number) => `Not compared (${count(number)})`,
    errors: (number: number) => `Not read (${count(number)})`,
  },
  order: "Order",
  nothing: "Every place that could be compared agrees. There is nothing to change.",
  nothingPushed: "Nothing will be changed: what differs cannot be pushed as it stands.",
  nothingLeft: "Everything that differs is left out: there is nothing to change.",
  noRows: "No rows here.",
  whatChanges: "What will change",
  untouched: (direction: Direction) =>
    direction === "toShopify" ? "Local values are not changed." : "Shopify is not changed.",
  sales: "Sales that come in meanwhile are kept.",
  unsuited: (number: number, direction: Direction) =>
    direction === "toShopify"
      ? `In ${cells(number)} Shopify's value was changed since both sides last agreed. This direction overwrites it.`
      : `In ${cells(number)} the local value was changed since both sides last agreed. This direction overwrites it.`,
  leaveOut: (number: number) => `Leave out ${cells(number)}`,
  takeBack: (number: number) => `Include ${cells(number)} again`,
  leftOutNow: (number: number) => `${cells(number)} left out of this run: they stay as they are on both sides.`,
  overwritten: "would be overwritten",
  excluded: "left out",
  confirm: (number: string) => `Type ${number} to confirm`,
  largeMove: (largest: number, limit: number) =>
    `One place moves by ${count(largest)} units, more than your limit of ${count(limit)} (Drift, Policy).`,
  confirmWrong: (number: string) => `This is not ${number}.`,
  start: "Start Reconciliation",
  startWith: (number: number) => `Start Reconciliation of ${cells(number)}`,
  back: "Change direction",
  again: "Take a new preview",
  expires: (at: string) => `Values as of ${at}.`,
  expired: "This preview is older than 24 hours and starts nothing. Take a new one.",
  failed: "The preview could not be made",
  failedMeans: "Nothing has been changed, and nothing waits for your decision.",
  notStarted: "It is not certain whether the run has started. Trying again is safe: it starts only once.",
  csv: "Export CSV",
  left: "Not compared",
} as const;

export const run = {
  running: "Reconciling",
  triedAgain: (at: string) => `It goes on by itself: the next try is at ${at}. Nothing is lost meanwhile.`,
  states: {
    requested: "Requested",
    waiting: "Waiting",
    running: "Running",
    completed: "Completed",
    completed_with_errors: "Completed with errors",
    cancelled: "Cancelled",
    failed: "Failed",
  },
  headings: {
    requested: "The run is about to start",
    waiting: "The run waits for another one",
    running: "The run is under way",
    completed: "Done without errors",
    completed_with_errors: "Done, with errors",
    cancelled: "The run was cancelled",
    failed: "The run could not be carried out",
  },
  waitsFor: "It shares places with an earlier run and starts by itself once that has ended.",
  done: (number: number, total: number) => `${count(number)} of ${cells(total)} done`,
  background: "You can close this; the run goes on and is found again in the list and in History.",
  total: "Total",
  updated: "Updated",
  skipped: "Skipped",
  errors: "Errors",
  cancelled: "Cancelled",
  perBom: "Progress by BOM",
  columns: { bom: "BOM", progress: "Progress", updated: "Updated", skipped: "Skipped", errors: "Errors" },
  errorTable: "Errors and what to do",
  errorColumns: { bom: "BOM", location: "Location", message: "What happened", remedy: "What to do" },
  skippedWhy: "Skipped, because",
  cancel: "Cancel run",
  cancelling: "Cancelling…",
  cancelAsk: "Cancel what has not begun? Places already changed stay changed; they can be undone in History.",
  cancelYes: "Yes, cancel the run",
  cancelNo: "Keep running",
  retry: "Retry failed",
  newPreview: "Take a new preview of the failed places",
  finish: "Done",
  open: "Open in History",
  view: "Show",
  viewBoms: "Progress by BOM",
  viewErrors: (number: number) => `Errors (${count(number)})`,
} as const;

export const undo = {
  title: "Undo this run",
  table: "What the undo would change",
  possible: (number: number) => `${cells(number)} would go back to where they were before this run.`,
  impossible: (number: number) => `${cells(number)} cannot be taken back and stay as they are.`,
  later: "Sales and counts since then are kept: only this run's own change is taken back.",
  none: "Nothing of this run can be undone any more.",
  many: (what: string) => `This run changed ${what}. Each is taken back where that is still possible; the others stay.`,
  side: (direction: Direction) =>
    direction === "toShopify" ? "Shopify is set back; the table shows what becomes of the local value." : "Only local values are set back.",
  columns: { bom: "BOM", location: "Location", change: "Change", shopify: "Shopify now → then", local: "Local now → then", why: "Why not" },
  start: (number: number) => `Undo ${cells(number)}`,
  keep: "Keep as it is",
} as const;
