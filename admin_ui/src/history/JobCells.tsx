/** The cells of a run, before and after. */
import { useState } from "react";
import { api, body, type Schema } from "../api/client";
import type { Job } from "../api/queries";
import { count } from "../formats";
import { type Column, Inline, Select, Stack } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { Rows } from "../parts/Rows";
import { jobEnded } from "../reconcile/states";
import { StoryLink } from "../story/StoryLink";
import { T } from "../texts";

type JobCell = Schema["JobCellOut"];
type State = Schema["CellState"];

const REFRESH = 3_000;

const both = (before: number | null, after: number | null) => (before === after ? count(after) : `${count(before)} → ${count(after)}`);

const COLUMNS: Column<JobCell>[] = [
  { name: "bom", title: T.history.cellColumns.bom, width: "minmax(0, 1.6fr)", cell: (cell) => cell.bom_name ?? cell.bom_id },
  {
    name: "location",
    title: T.history.cellColumns.location,
    width: "minmax(0, 1.1fr)",
    cell: (cell) => (
      <StoryLink bomId={cell.bom_id} locationId={cell.location_id}>
        {cell.location_name ?? cell.location_id}
      </StoryLink>
    ),
  },
  { name: "outcome", title: T.history.cellColumns.outcome, width: "6rem", cell: (cell) => T.history.cellStates[cell.state] },
  {
    name: "shopify-change",
    title: T.history.cellColumns.shopify,
    width: "11rem",
    number: true,
    cell: (cell) => both(cell.shopify_before, cell.shopify_after),
  },
  {
    name: "local-change",
    title: T.history.cellColumns.local,
    width: "11rem",
    number: true,
    cell: (cell) => both(cell.local_before, cell.local_after),
  },
  {
    name: "why",
    title: T.history.cellColumns.why,
    width: "minmax(0, 2.4fr)",
    cell: (cell) => [cell.message, cell.remedy].filter(Boolean).join(" ") || T.dash,
  },
];

export function JobCells({ job }: { job: Job }) {
  const over = jobEnded(job);
  // What was changed comes first; what was not is asked for.
  const [state, setState] = useState<State | "">(() => (over && job.totals.updated > 0 ? "updated" : ""));
  const options = [{ label: T.list.all, value: "" }, ...Object.entries(T.history.cellStates).map(([value, label]) => ({ value, label }))];
  return (
    <Stack gap="300">
      <Inline>
        <Select
          label={T.history.cellColumns.outcome}
          inline
          options={options}
          value={state}
          onChange={(value) => setState(value as State | "")}
        />
      </Inline>
      <Rows
        key={`${state} ${String(over)}`}
        label={T.history.cells}
        columns={COLUMNS}
        empty={<EmptyNote title={T.preview.noRows} />}
        expected={expectedOf(job, state)}
        source={{
          key: ["job", job.job_id, "cells", state, over],
          refresh: over ? false : REFRESH,
          read: (offset, limit, signal) =>
            body(
              api.GET("/api/jobs/{job_id}/cells", {
                signal,
                params: { path: { job_id: job.job_id }, query: { offset, limit, state: state || undefined } },
              }),
            ),
        }}
      />
    </Stack>
  );
}

/** How many cells of a state a run has, where its totals tell. */
function expectedOf({ totals }: Job, state: State | ""): number | undefined {
  const known: Partial<Record<State | "", number>> = { "": totals.total, updated: totals.updated, skipped: totals.skipped, error: totals.errors };
  return known[state];
}
