/** A run on paper: what it was, its figures, notes, and every place before and after. */
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { href } from "../address";
import { api, body, type Schema } from "../api/client";
import { type Job, jobQuery } from "../api/queries";
import { count, dateTime } from "../formats";
import { Button, Card, type Column, Heading, Page, Skeleton, Stack, Table, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { Summary } from "../reconcile/Summary";
import { CLASS_NAMES, DIRECTIONS, T } from "../texts";
import styles from "./PrintPage.module.css";
import { runTitle } from "./titles";

type JobCell = Schema["JobCellOut"];
type LeftOutRow = Schema["RowOut"];

/** More would be a book. */
const MOST = 5_000;
const AT_ONCE = 250;

export default function PrintPage({ jobId }: { jobId: string }) {
  const job = useQuery(jobQuery(jobId));
  const cells = useQuery({ queryKey: ["job", jobId, "print"], queryFn: ({ signal }) => allCells(jobId, signal) });
  const leftOut = useQuery({ queryKey: ["job", jobId, "print", "left out"], queryFn: ({ signal }) => allLeftOut(jobId, signal) });
  const [, navigate] = useLocation();
  const trouble = job.error ?? cells.error ?? leftOut.error;
  return (
    <Page
      title={job.data === undefined ? T.loading : runTitle(job.data)}
      back={{ label: T.story.back, onPress: () => navigate(href(`/history/${jobId}`)) }}
    >
      {trouble !== null ? (
        <TroubleNote trouble={trouble} again={() => void Promise.all([job.refetch(), cells.refetch(), leftOut.refetch()])} />
      ) : job.data === undefined || cells.data === undefined || leftOut.data === undefined ? (
        <Skeleton label={T.loading} lines={8} />
      ) : (
        <OnPaper job={job.data} cells={cells.data} leftOut={leftOut.data} />
      )}
    </Page>
  );
}

async function allCells(jobId: string, signal: AbortSignal): Promise<JobCell[]> {
  const cells: JobCell[] = [];
  let cursor: string | null = null;
  do {
    const page: Schema["JobCellPage"] = await body(
      api.GET("/api/jobs/{job_id}/cells", {
        signal,
        params: { path: { job_id: jobId }, query: { limit: AT_ONCE, cursor: cursor ?? undefined } },
      }),
    );
    cells.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && cells.length < MOST);
  return cells;
}

async function allLeftOut(jobId: string, signal: AbortSignal): Promise<LeftOutRow[]> {
  const rows: LeftOutRow[] = [];
  let total = 1;
  while (rows.length < Math.min(total, MOST)) {
    const page = await body(
      api.GET("/api/jobs/{job_id}/left-out", { signal, params: { path: { job_id: jobId }, query: { limit: AT_ONCE, offset: rows.length } } }),
    );
    if (page.items.length === 0) break;
    rows.push(...page.items);
    ({ total } = page);
  }
  return rows;
}

const both = (before: number | null, after: number | null) => (before === after ? count(after) : T.story.from(count(before), count(after)));

const titles = T.history.cellColumns;

const COLUMNS: Column<JobCell>[] = [
  { name: "bom", title: titles.bom, cell: (cell) => cell.bom_name ?? cell.bom_id },
  { name: "location", title: titles.location, cell: (cell) => cell.location_name ?? cell.location_id },
  { name: "outcome", title: titles.outcome, cell: (cell) => T.history.cellStates[cell.state] },
  { name: "shopify", title: titles.shopify, number: true, cell: (cell) => both(cell.shopify_before, cell.shopify_after) },
  { name: "local", title: titles.local, number: true, cell: (cell) => both(cell.local_before, cell.local_after) },
  { name: "why", title: titles.why, cell: (cell) => [cell.message, cell.remedy].filter(Boolean).join(" ") || T.dash },
];

/** As it stood when the run was started. */
const LEFT_OUT: Column<LeftOutRow>[] = [
  { name: "bom", title: titles.bom, cell: (row) => row.bom_name ?? row.bom_id },
  { name: "location", title: titles.location, cell: (row) => row.location_name ?? row.location_id },
  { name: "shopify", title: titles.shopify, number: true, cell: (row) => count(row.shopify_value) },
  { name: "local", title: titles.local, number: true, cell: (row) => count(row.local_value) },
  { name: "why", title: T.preview.columns.moved, cell: (row) => (row.cell_class === null ? T.dash : CLASS_NAMES[row.cell_class]) },
];

function OnPaper({ job, cells, leftOut }: { job: Job; cells: readonly JobCell[]; leftOut: readonly LeftOutRow[] }) {
  return (
    <>
      <div className={styles.button}>
        <Button variant="primary" onPress={() => window.print()}>
          {T.runPage.printNow}
        </Button>
      </div>
      <Card>
        <Stack gap="300">
          <Text strong>
            {DIRECTIONS[job.direction].title} · {T.run.states[job.state]}
          </Text>
          <Text>
            {T.runPage.startedBy(job.who)}, {dateTime(job.requested_at)}
          </Text>
          <Summary job={job} onPaper />
          {job.notes.map((note) => (
            <div key={note.note_id}>
              <Text>{note.text}</Text>
              <Text tone="subdued" small>
                {T.runPage.noteBy(note.who, dateTime(note.at))}
              </Text>
            </div>
          ))}
        </Stack>
      </Card>
      <Card flush>
        <Table label={T.history.cells} columns={COLUMNS} rows={cells} rowKey={(cell) => cell.no} />
      </Card>
      {leftOut.length > 0 && (
        <Card flush>
          <div className={styles.heading}>
            <Heading level={2}>{T.changes.leftOutOfRun(leftOut.length)}</Heading>
          </div>
          <Table label={T.changes.leftOutTable} columns={LEFT_OUT} rows={leftOut} rowKey={(row) => row.no} />
        </Card>
      )}
      {job.totals.total > cells.length && <Text tone="subdued">{T.runPage.printMost(cells.length)}</Text>}
    </>
  );
}
