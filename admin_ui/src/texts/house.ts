/** What the page says around its screens: messages, unsaved changes, days. */
export const house = {
  messages: "Messages",
  unsaved: "Unsaved changes",
  save: "Save",
  discard: "Discard",
  leaveTitle: "Leave without saving?",
  leaveText: "What you have changed on this page is not saved. If you leave now, it is lost.",
  leave: "Leave page",
  stay: "Stay",
  choose: "Select",
  from: "From",
  to: "To",
  daysReversed: "The last day is before the first. Choose a later one.",
} as const;
