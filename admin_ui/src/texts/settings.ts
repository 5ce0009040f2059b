/** What holds for every run of the shop. */
import { personName } from "./people";

export const settings = {
  title: "Settings",
  intro: "What holds for every run of this shop, also those that start by themselves.",
  runs: "Runs to Shopify",
  negative: "Shopify may be set below zero",
  negativeHelp:
    "A count below zero means that more was sold than there was. Off: such a place is left as it is, and the run names it. On: Shopify gets the number below zero.",
  activate: "Stock a product where Shopify does not stock it yet",
  activateHelp:
    "Off: a place where the product is not stocked in Shopify is not compared, and the run names it. On: the run stocks it there with your count.",
  saved: "Settings saved",
  repairs: "Repairs by themselves",
  repairsText: "What Trueup does about a change in Shopify that it was not told of, and when it stops and asks you.",
  told: "Who is told",
  toldText: "Which e-mail addresses and programs hear when a run has ended, or when something needs somebody.",
  toldOpen: "Choose who is told",
  changes: "Who changed what",
  noChanges: "Nobody has changed these settings yet.",
  columns: { when: "When", what: "Setting", change: "Change", who: "Who" },
  names: {
    allow_negative: "Below zero",
    activate: "Stock where it is not stocked",
    drift_mode: "When a webhook was missed",
    drift_max_share: "Stop above this share of places",
    drift_max_move: "Stop above this move of one place",
    drift_jobs_per_hour: "Repair runs per hour",
    drift_quiet: "No automatic repair between",
  } as Readonly<Record<string, string>>,
  on: "on",
  off: "off",
  from: (before: string, after: string) => `${before} → ${after}`,
  person: personName,
} as const;
