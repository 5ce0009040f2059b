/** The runs of a schedule, those left out too, with why. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { href } from "../address";
import { count, dateTime } from "../formats";
import { Button, type Column, Dialog, Named, Skeleton, Table } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { MorePages } from "../parts/MorePages";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { type Run, runsQuery, type Schedule } from "./queries";
import { outcomeOf, whyItWaits } from "./words";

export function RunsDialog({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const found = useInfiniteQuery(runsQuery(schedule.schedule_id));
  const runs = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Dialog title={T.schedules.runsOf(schedule.name)} wide onClose={onClose} footer={<Button onPress={onClose}>{T.close}</Button>}>
      {found.data === undefined ? (
        found.error === null ? (
          <Skeleton label={T.loading} lines={4} />
        ) : (
          <TroubleNote trouble={found.error} again={() => void found.refetch()} />
        )
      ) : runs.length === 0 ? (
        <EmptyNote title={T.schedules.noRuns} />
      ) : (
        <Table label={T.schedules.runs} columns={COLUMNS} rows={runs} rowKey={(run) => run.run_id} />
      )}
      <MorePages found={found} title={T.history.more} />
    </Dialog>
  );
}

const titles = T.schedules.runColumns;

const COLUMNS: Column<Run>[] = [
  { name: "due", title: titles.due, cell: (run) => dateTime(run.due_at) },
  { name: "outcome", title: titles.outcome, cell: (run) => <Named name={outcomeOf(run)} detail={run.state === "waiting" ? whyItWaits(run) : undefined} /> },
  { name: "figures", title: titles.figures, cell: figuresOf },
  {
    name: "told",
    title: titles.told,
    cell: ({ told }) => (told === null ? T.dash : [T.schedules.told[told.state], told.detail].filter(Boolean).join(": ")),
  },
  { name: "open", title: titles.open, cell: (run) => <Open run={run} /> },
];

function figuresOf({ figures }: Run): string {
  if (figures === null) return T.dash;
  const names: Record<string, string> = T.schedules.figures;
  const told = Object.entries(figures).filter(([name]) => name in names);
  return told.map(([name, number]) => `${names[name] ?? name} ${count(number)}`).join(", ");
}

function Open({ run }: { run: Run }) {
  if (["skipped", "due", "comparing"].includes(run.state) || run.outcome === "lost") return <>{T.dash}</>;
  const began = run.action === "reconcile" && run.state !== "waiting" && (run.plan !== null || run.direction === null);
  const address = began ? href(`/history/${run.run_id}`) : href("/", { reconcile: "choose", preview: run.run_id });
  return <Link href={address}>{began ? T.drift.run : T.schedules.showPreview}</Link>;
}
