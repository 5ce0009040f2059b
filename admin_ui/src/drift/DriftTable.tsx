import { Link } from "wouter";
import { href } from "../address";
import { count, dateTime } from "../formats";
import { type Column, Named, Table } from "../kit";
import { CLASS_NAMES, T } from "../texts";
import type { Drift } from "./queries";

const titles = T.drift.columns;

const COLUMNS: Column<Drift>[] = [
  {
    name: "cell",
    title: titles.cell,
    cell: (entry) => <Named strong name={entry.bom_name ?? entry.bom_id} detail={entry.location_name ?? entry.location_id} />,
  },
  {
    name: "evidence",
    title: titles.evidence,
    cell: (entry) => (
      <Named
        name={T.drift.evidence(count(entry.base), count(entry.shopify))}
        detail={entry.confirmed_at === null ? undefined : T.drift.confirmed(dateTime(entry.confirmed_at))}
      />
    ),
  },
  { name: "since", title: titles.since, cell: (entry) => dateTime(entry.since) },
  { name: "kind", title: titles.kind, cell: (entry) => CLASS_NAMES[entry.cell_class] },
  { name: "outcome", title: titles.outcome, cell: (entry) => <Outcome entry={entry} /> },
];

export function DriftTable({ items }: { items: readonly Drift[] }) {
  return <Table label={T.drift.table} columns={COLUMNS} rows={items} rowKey={(entry) => entry.drift_id} />;
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
