/** First steps of a new shop. */
import { boms } from "./words";

export const start = {
  title: "First steps",
  intro: "Five steps until your stock is in agreement. They go once your first run has ended.",
  done: "Done",
  next: "Next",
  later: "Later",
  connect: ["Connect your shop", "Trueup is connected and may read your products and stock."],
  import: ["Bring in your bills of materials", "From a file, or one for each product. You see what would happen first."],
  importDone: (number: number) => `${boms(number)} ${number === 1 ? "is" : "are"} here, each mapped to its product in Shopify.`,
  importAction: "Import",
  count: [
    "Count, or accept Shopify's values",
    "Count what is on the shelf. Or, where Shopify is right, take a preview and update your own values to match.",
  ],
  countAction: "Take stock",
  preview: ["Take your first preview", "Choose some in the list, then Reconcile inventory under More actions. Nothing changes before you have seen it."],
  run: ["Start your first run", "From the preview. You may leave the page: the run goes on, and can be undone."],
} as const;
