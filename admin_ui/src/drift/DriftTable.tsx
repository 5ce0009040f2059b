import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { href } from "../address";
import { count, dateTime } from "../formats";
import { Button, type Column, Named, Stack, Table } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { CLASS_NAMES, T } from "../texts";
import { approve, type Drift } from "./queries";

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
        name={T.drift.evidence(count(entry.base), count(entry.shopify_value))}
        detail={entry.confirmed_at === null ? undefined : T.drift.confirmed(dateTime(entry.confirmed_at))}
      />
    ),
  },
  { name: "since", title: titles.since, cell: (entry) => dateTime(entry.since) },
  { name: "kind", title: titles.kind, cell: (entry) => CLASS_NAMES[entry.cell_class] },
  { name: "becomes", title: titles.becomes, cell: (entry) => becomesOf(entry) },
  { name: "outcome", title: titles.outcome, cell: (entry) => <Outcome entry={entry} /> },
];

export function DriftTable({ items }: { items: readonly Drift[] }) {
  return <Table label={T.drift.table} columns={COLUMNS} rows={items} rowKey={(entry) => entry.drift_id} />;
}

/** What a repair would make of it, while it stands open. */
function becomesOf(entry: Drift): string {
  if (entry.state !== "missed" || entry.becomes === null) return count(entry.local_value);
  return T.drift.becomes(count(entry.local_value), count(entry.becomes));
}

/** One row's own approval, where nobody has given it and nothing is at work on it. */
function Approve({ entry }: { entry: Drift }) {
  const client = useQueryClient();
  const say = useMutation({
    mutationFn: () => approve({ drift_ids: [entry.drift_id] }),
    onSettled: () => client.invalidateQueries({ queryKey: ["drift"] }),
  });
  if (entry.state !== "missed" || entry.approved_by !== null || entry.job_id !== null) return null;
  return (
    <Stack gap="100">
      <div>
        <Button
          aria-label={T.drift.approveOneOf(entry.bom_name ?? entry.bom_id, entry.location_name ?? entry.location_id)}
          isPending={say.isPending}
          onPress={() => say.mutate()}
        >
          {T.drift.approveOne}
        </Button>
      </div>
      {say.error !== null && <TroubleNote trouble={say.error} />}
    </Stack>
  );
}

function Outcome({ entry }: { entry: Drift }) {
  const told = [
    entry.outcome === null ? T.drift.states[entry.state] : T.drift.outcomes[entry.outcome],
    entry.late && entry.outcome !== "late" ? T.drift.cameLate : null,
    entry.held === null || entry.approved_by !== null ? null : T.drift.holds[entry.held],
    entry.state === "missed" && entry.approved_by !== null ? T.drift.approvedBy : null,
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
      <Approve entry={entry} />
    </>
  );
}
