import { Link } from "wouter";
import { href } from "../address";
import { count, dateTime } from "../formats";
import { TableHead } from "../parts/TableHead";
import { CLASS_NAMES, T } from "../texts";
import type { Drift } from "./queries";

export function DriftTable({ items }: { items: readonly Drift[] }) {
  const titles = T.drift.columns;
  return (
    <table className="boms runs" role="table" aria-label={T.drift.table}>
      <TableHead titles={titles} />
      <tbody role="rowgroup">
        {items.map((entry) => (
          <tr key={entry.drift_id} role="row">
            <th role="rowheader" scope="row">
              <span className="boms-name">{entry.bom_name ?? entry.bom_id}</span>
              <span className="boms-id">{entry.location_name ?? entry.location_id}</span>
            </th>
            <td role="cell" data-title={titles.evidence}>
              {T.drift.evidence(count(entry.base), count(entry.shopify))}
              {entry.confirmed_at !== null && (
                <span className="boms-id">{T.drift.confirmed(dateTime(entry.confirmed_at))}</span>
              )}
            </td>
            <td role="cell" data-title={titles.since}>
              {dateTime(entry.since)}
            </td>
            <td role="cell" data-title={titles.kind}>
              {CLASS_NAMES[entry.cell_class]}
            </td>
            <td role="cell" data-title={titles.outcome}>
              <Outcome entry={entry} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Outcome({ entry }: { entry: Drift }) {
  const told = [
    entry.outcome === null ? T.drift.states[entry.state] : T.drift.outcomes[entry.outcome],
    entry.late && entry.outcome !== "late" ? T.drift.cameLate : null,
    entry.held === null ? null : T.drift.holds[entry.held],
    entry.note,
  ].filter((text) => text !== null);
  return (
    <>
      {told.join("; ")}
      {entry.job_id !== null && (
        <>
          {" "}
          <Link href={href(`/history/${entry.job_id}`)}>{T.drift.run}</Link>
        </>
      )}
    </>
  );
}
