/** Every run: who, when, in which direction, and what came of it. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "wouter";
import { href, useParams } from "../address";
import type { Job } from "../api/queries";
import { count, dateTime } from "../formats";
import { BlockStack, Card, InlineStack, Page, Select, SkeletonBodyText, TextField } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { MorePages } from "../parts/MorePages";
import { SaveButton } from "../parts/SaveButton";
import { TableHead } from "../parts/TableHead";
import { TroubleNote } from "../parts/TroubleNote";
import { DIRECTIONS, T } from "../texts";
import { type HistoryFilter, historyExport, historyQuery } from "./queries";
import { StateBadge } from "./StateBadge";

export default function HistoryPage() {
  const [params, change] = useParams();
  const filter = useMemo(() => filterOf(params), [params]);
  const found = useInfiniteQuery(historyQuery(filter));
  const jobs = found.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Object.values(filter).some((value) => value !== "");
  return (
    <Page title={T.history.title} fullWidth>
      <BlockStack gap="400">
        <Card padding="0">
          <Filters filter={filter} onChange={(changes) => change(changes, { replace: true })} />
          {found.error !== null && found.data === undefined ? (
            <TroubleNote trouble={found.error} again={() => void found.refetch()} />
          ) : found.data === undefined ? (
            <div className="table-empty" role="status" aria-label={T.loading}>
              <SkeletonBodyText lines={6} />
            </div>
          ) : jobs.length === 0 ? (
            <EmptyNote
              title={filtered ? T.history.noneTitle : T.history.emptyTitle}
              text={filtered ? T.history.noneText : T.history.emptyText}
            />
          ) : (
            <Runs jobs={jobs} />
          )}
          <MorePages found={found} title={T.history.more} />
        </Card>
        <div className="outside">
          <InlineStack>
            <SaveButton label={T.history.csv} path={historyExport(filter)} file="history.csv" />
          </InlineStack>
        </div>
      </BlockStack>
    </Page>
  );
}

function filterOf(params: URLSearchParams): HistoryFilter {
  const pick = <V extends string>(name: string, known: Record<V, unknown>): V | "" => {
    const value = params.get(name);
    return value !== null && Object.hasOwn(known, value) ? (value as V) : "";
  };
  return {
    state: pick("state", T.run.states),
    direction: pick("direction", DIRECTIONS),
    source: pick("source", T.history.sources),
    since: params.get("since") ?? "",
    until: params.get("until") ?? "",
  };
}

function Filters({ filter, onChange }: { filter: HistoryFilter; onChange: (changes: Record<string, string>) => void }) {
  const all = { label: T.list.all, value: "" };
  const options = (names: Record<string, string>) => [all, ...Object.entries(names).map(([value, label]) => ({ value, label }))];
  const directions = Object.fromEntries(Object.entries(DIRECTIONS).map(([name, { short }]) => [name, short]));
  return (
    <div className="filters filters-open filters-even" role="search">
      <Select label={T.history.filterState} options={options(T.run.states)} value={filter.state} onChange={(state) => onChange({ state })} />
      <Select
        label={T.history.filterDirection}
        options={options(directions)}
        value={filter.direction}
        onChange={(direction) => onChange({ direction })}
      />
      <Select
        label={T.history.filterSource}
        options={options(T.history.sources)}
        value={filter.source}
        onChange={(source) => onChange({ source })}
      />
      <TextField type="date" label={T.history.since} autoComplete="off" value={filter.since} onChange={(since) => onChange({ since })} />
      <TextField type="date" label={T.history.until} autoComplete="off" value={filter.until} onChange={(until) => onChange({ until })} />
    </div>
  );
}

function Runs({ jobs }: { jobs: readonly Job[] }) {
  const titles = T.history.columns;
  return (
    <table className="boms runs" role="table" aria-label={T.history.table}>
      <TableHead titles={titles} numbers={NUMBERS} />
      <tbody role="rowgroup">
        {jobs.map((job) => (
          <tr key={job.job_id} role="row">
            <th role="rowheader" scope="row">
              <Link href={href(`/history/${job.job_id}`)}>{dateTime(job.requested_at)}</Link>
            </th>
            <td role="cell" data-title={titles.who}>
              {T.history.who(job.requested_by)}
            </td>
            <td role="cell" data-title={titles.direction}>
              {DIRECTIONS[job.direction].short}
            </td>
            <td role="cell" data-title={titles.source}>
              {T.history.sources[job.source]}
            </td>
            <td role="cell" data-title={titles.state}>
              <StateBadge state={job.state} />
            </td>
            {(["total", "updated", "skipped", "errors"] as const).map((name) => (
              <td key={name} role="cell" className="number" data-title={titles[name]}>
                {count(job.totals[name])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const NUMBERS = new Set(["total", "updated", "skipped", "errors"]);
