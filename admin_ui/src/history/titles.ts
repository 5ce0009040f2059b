/** What a run is called: by what it was, and when it was asked for. */
import type { Job } from "../api/queries";
import { dateTime } from "../formats";
import { T } from "../texts";

/** Of an undo or a retry the run that it was made of is named, as far as it is still known. */
export function runTitle(job: Pick<Job, "source" | "requested_at" | "of_job">): string {
  const { source, of_job: first } = job;
  if ((source === "undo" || source === "retry") && first !== null) {
    return T.runPage.of[source](T.runPage.first[first.source](dateTime(first.requested_at)));
  }
  return T.runPage.titles[source](dateTime(job.requested_at));
}
