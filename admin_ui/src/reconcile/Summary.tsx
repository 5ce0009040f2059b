/** The figures of a run, in the words of its preview; why some were skipped, and what was left out. */
import type { Job } from "../api/queries";
import { count } from "../formats";
import { Figures, Stack, Text } from "../kit";
import { T } from "../texts";
import { LeftOutOfRun } from "./LeftOutOfRun";
import { type RunNumbers, runNumbers } from "./runNumbers";
import { jobEnded } from "./states";

/** `onPaper`: what can be opened stands open elsewhere. */
export function Summary({ job, onPaper = false }: { job: Job; onPaper?: boolean }) {
  const { total, updated, skipped, errors, cancelled } = job.totals;
  const figures = [
    { label: T.run.total, value: count(total) },
    { label: T.run.updated, value: count(updated) },
    { label: T.run.skipped, value: count(skipped) },
    { label: T.run.errors, value: count(errors), critical: errors > 0 },
    ...(cancelled > 0 ? [{ label: T.run.cancelled, value: count(cancelled) }] : []),
  ];
  const numbers = jobEnded(job) ? runNumbers(job) : null;
  return (
    <Stack gap="200">
      {numbers !== null && <Came numbers={numbers} />}
      <Figures figures={figures} />
      {job.reasons.length > 0 && (
        <details open={onPaper}>
          <summary>{T.run.skippedWhy}</summary>
          <ul>
            {job.reasons.map((reason) => (
              <li key={reason.reason}>
                {count(reason.count)} × {reason.message ?? reason.reason}
              </li>
            ))}
          </ul>
        </details>
      )}
      {!onPaper && <LeftOutOfRun job={job} />}
    </Stack>
  );
}

function Came({ numbers }: { numbers: RunNumbers }) {
  const more = [
    numbers.settled > 0 && T.changes.settled(numbers.settled),
    numbers.cancelled > 0 && T.changes.cancelled(numbers.cancelled),
    numbers.refused > 0 && T.changes.refused(numbers.refused),
  ].filter(Boolean);
  return (
    <div>
      <Text strong>{T.changes.progress(numbers.toChange, numbers.changed, numbers.failed)}</Text>
      {more.length > 0 && <Text>{more.join(" ")}</Text>}
    </div>
  );
}
