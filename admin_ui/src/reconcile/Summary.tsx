/** The figures of a run, counted in cells, and why some were skipped. */
import type { Job } from "../api/queries";
import { count } from "../formats";
import { T } from "../texts";

export function Summary({ job }: { job: Job }) {
  const { total, updated, skipped, errors, cancelled } = job.totals;
  const figures = [
    ["total", T.run.total, total],
    ["updated", T.run.updated, updated],
    ["skipped", T.run.skipped, skipped],
    ["errors", T.run.errors, errors],
    ...(cancelled > 0 ? [["cancelled", T.run.cancelled, cancelled] as const] : []),
  ] as const;
  return (
    <div>
      <ul className="figures">
        {figures.map(([name, label, number]) => (
          <li key={name} className={name === "errors" && number > 0 ? "figure figure-errors" : "figure"}>
            <span>{label}</span> <b>{count(number)}</b>
          </li>
        ))}
      </ul>
      {job.reasons.length > 0 && (
        <details className="reasons">
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
    </div>
  );
}
