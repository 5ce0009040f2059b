/** Why an unfinished run does not go on now, with the remedy, or when it is tried again. */
import type { Job } from "../api/queries";
import { exactTime } from "../formats";
import { Banner } from "../kit";
import { T } from "../texts";

export function WhyHeld({ job }: { job: Job }) {
  if (job.paused !== null) {
    return (
      <Banner tone="warning" title={job.paused.message}>
        <p>{job.paused.remedy}</p>
      </Banner>
    );
  }
  if (job.held === null) return null;
  return (
    <Banner tone="info" title={job.held.message}>
      <p>{T.run.triedAgain(exactTime(job.held.until))}</p>
    </Banner>
  );
}
