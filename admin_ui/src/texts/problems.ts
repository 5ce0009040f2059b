/**
 * What the service's refusals mean to a merchant, by the name of the problem: what happened, and what to do. Those that
 * are not here come as the service words them, unless they are written for programs.
 */
export const PROBLEMS: Readonly<Record<string, string>> = {
  "already-undone": "This run has been undone already. To go on from where things are now, take a new preview and choose the direction.",
  "breaker-closed": "Automatic repair is not stopped any more. Reload this page to see how things stand.",
  "broker-unavailable": "Try again in a few seconds. Runs that have started go on.",
  "store-unavailable": "Try again in a few seconds. Runs that have started go on.",
  "id-used": "This was asked for before. Reload this page to see what came of it.",
  "if-match-missing": "The count has to be seen before it is set. Close this, open it again, and enter the count once more.",
  "job-ended": "This run has ended already, so there is nothing left to cancel. What it changed can be undone in History.",
  "job-unfinished": "This run has not ended yet. Wait until it has, then try again.",
  "needs-preview": "What failed cannot be run again as it is. Take a new preview of it and decide again.",
  "no-route": "This page is of another version than the service. Reload it.",
  "nothing-failed": "Nothing in this run has failed, so there is nothing to retry.",
  "nothing-to-undo": "Nothing of this run can be taken back any more: the counts have changed since, or were taken back already.",
  outdated: "This has changed since you saw it, so nothing was changed. Look at it as it is now, then decide again.",
  "preview-failed": "This preview could not be finished. Take a new one.",
  "preview-not-ready": "This preview is still being made. Wait until it is there.",
  "too-many-notes": "There is no room for another note about this run.",
  "undo-under-way": "An undo of this run is under way. Wait until it has ended.",
  "undo-of-undo": "This run is an undo itself. Take a new preview and choose the direction that you want.",
};

/** Words that only a program's author can do something with. */
const FOR_PROGRAMS = /\/api\/|\b(GET|POST|PUT|PATCH|DELETE|ETag|If-Match|Idempotency-Key|JSON|UTF-8|bearer|header)\b|`/u;

/** What is told of a refusal; none where the service's own words would be of no use. */
export function refusal(type: string | null, words: readonly string[]): readonly string[] {
  const known = type === null ? undefined : PROBLEMS[type];
  if (known !== undefined) return [known];
  return words.filter((text) => text !== "" && !FOR_PROGRAMS.test(text));
}
