/** A cancel that came after the end of the run: what it changed can be undone. */
import type { Job } from "../api/queries";
import { Banner } from "../kit";
import { T } from "../texts";

/** Whether somebody wanted to cancel the run and nothing was left to cancel. */
export const cameTooLate = (job: Job): boolean => job.cancel_requested && job.state.startsWith("completed") && job.totals.cancelled === 0;

export function TooLate({ job, onUndo }: { job: Job; onUndo: () => void }) {
  const mayUndo = job.totals.updated > 0 && job.source !== "undo" && job.undone_by === null;
  return (
    <div role="alert">
      <Banner
        tone="warning"
        title={T.changes.tooLate.title}
        {...(mayUndo && { action: { label: T.changes.tooLate.undo, onPress: onUndo } })}
      >
        <p>{T.changes.tooLate.text}</p>
      </Banner>
    </div>
  );
}
