/** Every run: who, when, in which direction, and what came of it. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { Link } from "wouter";
import { href, useParams } from "../address";
import type { Job } from "../api/queries";
import { count, dateTime } from "../formats";
import { Card, type Column, Field, FilterBar, Outside, Page, Select, Skeleton, Table } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { MorePages } from "../parts/MorePages";
import { SaveButton } from "../parts/SaveButton";
import { TroubleNote } from "../parts/TroubleNote";
import { DIRECTIONS, T } from "../texts";
import { BomSearch } from "./BomSearch";
import { type HistoryFilter, historyExport, historyQuery } from "./queries";
import { StateBadge } from "./StateBadge";
import { runTitle } from "./titles";

export default function HistoryPage() {
  const [params, change] = useParams();
  const filter = useMemo(() => filterOf(params), [params]);
  const found = useInfiniteQuery(historyQuery(filter));
  const jobs = found.data?.pages.flatMap((page) => page.items) ?? [];
  const narrow = useCallback((changes: Record<string, string>) => change(changes, { replace: true }), [change]);
  const filtered = Object.values(filter).some((value) => value !== "");
  return (
    <Page title={T.history.title}>
      <Card flush>
        <Filters filter={filter} isPending={found.isFetching && found.data === undefined} onChange={narrow} />
        {found.error !== null && found.data === undefined ? (
          <TroubleNote trouble={found.error} again={() => void found.refetch()} />
        ) : found.data === undefined ? (
          <Skeleton label={T.loading} lines={6} />
        ) : jobs.length === 0 && !found.hasNextPage ? (
          <EmptyNote
            title={filtered ? T.history.noneTitle : T.history.emptyTitle}
            text={filtered ? T.history.noneText : T.history.emptyText}
          />
        ) : (
          <Table label={T.history.table} columns={COLUMNS} rows={jobs} rowKey={(job) => job.job_id} />
        )}
        <MorePages found={found} title={T.history.more} />
      </Card>
      <Outside>
        <SaveButton label={T.history.csv} path={historyExport(filter)} file="history.csv" />
      </Outside>
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
    bom: params.get("bom") ?? "",
    since: params.get("since") ?? "",
    until: params.get("until") ?? "",
  };
}

interface FiltersProps {
  filter: HistoryFilter;
  isPending: boolean;
  onChange: (changes: Record<string, string>) => void;
}

function Filters({ filter, isPending, onChange }: FiltersProps) {
  const search = useCallback((bom: string) => onChange({ bom }), [onChange]);
  const all = { label: T.list.all, value: "" };
  const options = (names: Record<string, string>) => [all, ...Object.entries(names).map(([value, label]) => ({ value, label }))];
  const directions = Object.fromEntries(Object.entries(DIRECTIONS).map(([name, { short }]) => [name, short]));
  return (
    <FilterBar search={<BomSearch value={filter.bom} onChange={search} isPending={isPending} />}>
      <Select
        label={T.history.filterState}
        options={options(T.run.states)}
        value={filter.state}
        onChange={(state) => onChange({ state })}
      />
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
      <Field type="date" label={T.history.since} value={filter.since} onChange={(since) => onChange({ since })} />
      <Field type="date" label={T.history.until} value={filter.until} onChange={(until) => onChange({ until })} />
    </FilterBar>
  );
}

const titles = T.history.columns;

const figure = (name: "total" | "updated" | "skipped" | "errors"): Column<Job> => ({
  name,
  title: titles[name],
  number: true,
  cell: (job) => count(job.totals[name]),
});

const COLUMNS: Column<Job>[] = [
  { name: "run", title: T.runPage.run, cell: (job) => <Link href={href(`/history/${job.job_id}`)}>{runTitle(job)}</Link> },
  { name: "when", title: titles.when, cell: (job) => dateTime(job.requested_at) },
  { name: "who", title: titles.who, cell: (job) => job.who },
  { name: "direction", title: titles.direction, cell: (job) => DIRECTIONS[job.direction].short },
  { name: "state", title: titles.state, cell: (job) => <StateBadge state={job.state} /> },
  figure("total"),
  figure("updated"),
  figure("skipped"),
  figure("errors"),
];
