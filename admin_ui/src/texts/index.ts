/** Every text of the page, a file for each screen. What the service says (messages, remedies) is shown as it comes. */
import { dateTime } from "../formats";
import { list } from "./list";
import { choose, preview, run, undo } from "./reconcile";
import { changes } from "./changes";
import { cell } from "./cell";
import { history } from "./history";
import { schedules } from "./schedules";
import { drift } from "./drift";
import { house } from "./house";
import { notices, notifications } from "./notices";
import { counts } from "./counts";
import { imports } from "./imports";
import { keys } from "./keys";
import { settings } from "./settings";
import { mapping } from "./mapping";
import { start } from "./start";
import { runs as runPage, story } from "./story";

export { CLASS_MEANINGS, CLASS_NAMES, DIRECTIONS, boms, cells, lists, runs } from "./words";

export { refusal } from "./problems";

export const T = {
  app: "Trueup",
  navigation: { boms: "Bill of materials", history: "History", drift: "Drift", schedules: "Schedules", import: "Import", counts: "Stock-taking", settings: "Settings", help: "Help" },
  skip: "Skip to the content",
  retry: "Try again",
  close: "Close",
  loading: "Loading…",
  dash: "–",
  trouble: {
    connection: ["Trueup cannot be reached", "Check your connection. Nothing is lost: runs go on without this page."],
    session: [
      "Your session has ended",
      "Reload the page from Shopify's admin. Runs that have started go on without this page.",
    ],
    outside: ["Open Trueup from Shopify's admin", "In Shopify's admin choose Apps, then Trueup."],
    server: ["Something went wrong on our side", "Try again in a few seconds. Runs that have started go on."],
    refused: ["That was not possible", "Nothing was changed. Reload this page to see how things stand, then try again."],
    busy: ["Too much at once", "Nothing was changed. Wait a few seconds, then try again."],
    missing: ["This is not here any more", "It may have been removed, or belongs to another shop."],
  } as const,
  offline: "No connection. What you see may be old; it is updated once the connection is back.",
  behind: "The live connection has broken. Trying again; the run goes on meanwhile.",
  running: (percent: string, direction: string) => `A reconcile is running (${direction}): ${percent} done.`,
  waiting: (direction: string) => `A reconcile is waiting to start (${direction}).`,
  previewWaits: (when: string) => `A preview from ${when} is waiting for your decision. Nothing has been changed.`,
  show: "Show",
  dismiss: "Dismiss",
  list,
  choose,
  preview,
  changes,
  run,
  cell,
  history,
  undo,
  schedules,
  drift,
  counts,
  keys,
  imports,
  settings,
  mapping,
  start,
  house,
  notices,
  notifications,
  story,
  runPage,
} as const;

/** Where a change was, in words. */
export const at = (bom: string | null, location: string | null): string =>
  [bom ?? T.dash, location].filter((part) => part !== null).join(", ");

export const asOf = (iso: string | null): string => T.preview.expires(dateTime(iso));
