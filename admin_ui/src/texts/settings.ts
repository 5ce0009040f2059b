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
  changes: "Who changed what",
  noChanges: "Nobody has changed these settings yet.",
  columns: { when: "When", what: "Setting", change: "Change", who: "Who" },
  names: { allow_negative: "Below zero", activate: "Stock where it is not stocked" },
  on: "on",
  off: "off",
  from: (before: string, after: string) => `${before} → ${after}`,
  person: personName,
} as const;
