/** The figures of a run, counted in cells, and why some were skipped. */
import type { Job } from "../api/queries";
import { count } from "../formats";
import { Figures, Stack } from "../kit";
import { T } from "../texts";

export function Summary({ job }: { job: Job }) {
  const { total, updated, skipped, errors, cancelled } = job.totals;
  const figures = [
    { label: T.run.total, value: count(total) },
    { label: T.run.updated, value: count(updated) },
    { label: T.run.skipped, value: count(skipped) },
    { label: T.run.errors, value: count(errors), critical: errors > 0 },
    ...(cancelled > 0 ? [{ label: T.run.cancelled, value: count(cancelled) }] : []),
  ];
  return (
    <Stack gap="200">
      <Figures figures={figures} />
      {job.reasons.length > 0 && (
        <details>
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
    </Stack>
  );
}
