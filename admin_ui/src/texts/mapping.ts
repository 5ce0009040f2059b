/** Which product of Shopify's a BOM stands for. */
import { count } from "../formats";

export const mapping = {
  open: "Edit",
  openOf: (name: string) => `Edit ${name}`,
  title: (name: string) => `Edit ${name}`,
  name: "Name",
  tracks: "Finished units of this are counted in Trueup",
  tracksHelp: "Off: it has no count of its own, and Shopify's value alone counts.",
  now: "Product in Shopify",
  item: (id: string) => `Stock item ${id}`,
  search: "Find another product",
  searchHint: "Title, SKU or barcode",
  finding: "Looking in Shopify…",
  none: "Shopify has no product like this. Check the words.",
  more: "There are more than these. Type more.",
  choose: "Choose",
  chooseOf: (name: string) => `Choose ${name}`,
  taken: (bom: string) => `Already the product of ${bom}`,
  untracked: "Shopify does not track its stock",
  bundle: "A bundle: Shopify computes its stock from its parts",
  barcode: (code: string) => `barcode ${code}`,
  sku: (code: string) => `SKU ${code}`,
  chosen: (name: string) => `It will stand for ${name}.`,
  means:
    "What was known of the old product's stock says nothing about the new one's. Your own counts stay; the next preview shows each place as never agreed, and you choose which side is right.",
  save: "Save",
  cancel: "Cancel",
  saved: "Saved",
  remove: "Remove from Trueup",
  removeText:
    "Trueup no longer compares or changes this product. Its counts are dropped, their history is kept. Shopify is not touched. To map it again, import it or add it anew.",
  removeYes: "Yes, remove it",
  removed: (name: string) => `${name} was removed`,
  found: (number: number) => `${count(number)} found`,
} as const;
