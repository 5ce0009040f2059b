/** Words explained, for each screen. */
export interface Explained {
  title: string;
  text: string;
  words: readonly (readonly [string, string])[];
}

const base = [
  ["BOM", "A bill of materials: something you build from parts. Its finished units are one product in Shopify."],
  ["Place", "One BOM at one location."],
] as const;

export const help = {
  open: "Help",
  title: "Help",
  of: (screen: string) => `Help: ${screen}`,
  guide: "Read the whole guide",
  guideTitle: "The merchant's guide",
  back: "Back",
  words: "Words on this screen",
  screens: {
    "/": {
      title: "Bill of materials",
      text: "Each row is a BOM, with your own value and Shopify's at each location. Where they differ, both are shown. Choose rows, then Reconcile inventory under More actions.",
      words: [
        ...base,
        ["Counted", "Its finished units have a count of their own in Trueup. Otherwise Shopify's value alone counts."],
        ["In sync", "Both sides agree."],
        ["Shopify changed", "Shopify's value changed, and yours did not. Usually right: take Shopify's."],
        ["Local changed", "Somebody counted or built, and Shopify does not know yet. Usually right: push."],
        ["Both changed", "A person has to look and choose."],
        ["Never agreed", "The two sides have never agreed, or nobody has counted: then a dash is shown, never a zero."],
      ],
    },
    "/import": {
      title: "Import",
      text: "Choose a file. Trueup reads your products from Shopify, compares each row, and shows what would be made. Nothing is made before you say so, and no count changes.",
      words: [
        ...base,
        ["New", "There is no BOM for this product yet."],
        ["Changed", "The file says something else than what is known: a name, tags, or another product."],
        ["Cannot be imported", "The row does not say beyond doubt which product is meant. Trueup never guesses."],
      ],
    },
    "/counts": {
      title: "Stock-taking",
      text: "Choose the location, scan or type a SKU, type what is on the shelf, press Enter. Or fill in a sheet and send it. Shopify gets the counts with your next run.",
      words: [
        ...base,
        ["Not counted yet", "Nobody has counted here. That is not the same as zero."],
        ["Changed meanwhile", "The count is another one than was shown to you: a sale, or somebody else. It is left as it is."],
      ],
    },
    "/history": {
      title: "History",
      text: "Every run, who started it and what it changed. A finished run can be taken back, place by place.",
      words: [
        ...base,
        ["Updated", "The place was changed."],
        ["Skipped", "There was nothing to change, or it could not be compared."],
        ["Undo", "Takes back what a run changed. Units sold since stay sold."],
      ],
    },
    "/drift": {
      title: "Drift",
      text: "Shopify tells Trueup of each change. Some of these messages are lost. Trueup compares by itself, lists what it finds, and repairs what is safe.",
      words: [
        ...base,
        ["Missed", "A change in Shopify of which no message came."],
        ["Repair", "Your value takes Shopify's, where only Shopify changed."],
        ["Stopped", "Too much differs at once: nothing is repaired until you have looked."],
      ],
    },
    "/schedules": {
      title: "Schedules",
      text: "Runs and previews that start by themselves. A schedule takes only what is safe unless you say otherwise.",
      words: [...base, ["Preview only", "It shows what differs, and changes nothing."]],
    },
    "/settings": {
      title: "Settings",
      text: "What holds for every run of this shop. The list below tells who changed what.",
      words: [
        ["Below zero", "More was sold than there was."],
        ["Stocked", "Shopify keeps a number for the product at this location."],
      ],
    },
  } satisfies Record<string, Explained>,
} as const;
