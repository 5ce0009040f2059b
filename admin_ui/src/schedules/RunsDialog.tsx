/** The runs of a schedule, those left out too, with why. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { href } from "../address";
import { count, dateTime } from "../formats";
import { Button, SkeletonBodyText } from "../kit";
import { Dialog } from "../parts/Dialog";
import { EmptyNote } from "../parts/EmptyNote";
import { MorePages } from "../parts/MorePages";
import { TableHead } from "../parts/TableHead";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { type Run, runsQuery, type Schedule } from "./queries";

export function RunsDialog({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const found = useInfiniteQuery(runsQuery(schedule.schedule_id));
  const runs = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Dialog title={T.schedules.runsOf(schedule.name)} wide onClose={onClose} footer={<Button onClick={onClose}>{T.close}</Button>}>
      {found.data === undefined ? (
        found.error === null ? (
          <SkeletonBodyText lines={4} />
        ) : (
          <TroubleNote trouble={found.error} again={() => void found.refetch()} />
        )
      ) : runs.length === 0 ? (
        <EmptyNote title={T.schedules.noRuns} text="" />
      ) : (
        <Runs runs={runs} />
      )}
      <MorePages found={found} title={T.history.more} />
    </Dialog>
  );
}

function Runs({ runs }: { runs: readonly Run[] }) {
  const titles = T.schedules.runColumns;
  return (
    <table className="boms runs" role="table" aria-label={T.schedules.runs}>
      <TableHead titles={titles} />
      <tbody role="rowgroup">
        {runs.map((run) => (
          <tr key={run.run_id} role="row">
            <th role="rowheader" scope="row">
              {dateTime(run.due_at)}
            </th>
            <td role="cell" data-title={titles.outcome}>
              {outcomeOf(run)}
            </td>
            <td role="cell" data-title={titles.figures}>
              {figuresOf(run)}
            </td>
            <td role="cell" data-title={titles.told}>
              {run.told === null ? T.dash : [T.schedules.told[run.told.state], run.told.detail].filter(Boolean).join(": ")}
            </td>
            <td role="cell" data-title={titles.open}>
              <Open run={run} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function outcomeOf(run: Run): string {
  const told = run.outcome === null ? T.schedules.runStates[run.state] : T.schedules.outcomes[run.outcome];
  return run.reason === null ? told : `${told}: ${T.schedules.reasons[run.reason]}`;
}

function figuresOf({ figures }: Run): string {
  if (figures === null) return T.dash;
  const names: Record<string, string> = T.schedules.figures;
  const told = Object.entries(figures).filter(([name]) => name in names);
  return told.map(([name, number]) => `${names[name] ?? name} ${count(number)}`).join(", ");
}

function Open({ run }: { run: Run }) {
  if (run.state === "skipped" || run.state === "due" || run.outcome === "lost") return <>{T.dash}</>;
  const address =
    run.action === "reconcile"
      ? href(`/history/${run.run_id}`)
      : href("/", { reconcile: "choose", preview: run.run_id });
  return <Link href={address}>{run.action === "reconcile" ? T.drift.run : T.schedules.showPreview}</Link>;
}
