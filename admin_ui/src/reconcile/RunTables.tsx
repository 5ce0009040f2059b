/** A run BOM by BOM, and its errors with what to do about them. */
import { useState } from "react";
import { api, body, type Schema } from "../api/client";
import type { Job } from "../api/queries";
import { count } from "../formats";
import { type Column, Inline, Select, Stack } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { Rows } from "../parts/Rows";
import { T } from "../texts";
import styles from "./RunTables.module.css";
import { endedCells, jobEnded } from "./states";

type BomProgress = Schema["BomProgressOut"];
type JobCell = Schema["JobCellOut"];

/** Milliseconds between two readings of the BOMs in sight while the run goes. */
const REFRESH = 2_000;

const BOM_COLUMNS: Column<BomProgress>[] = [
  { name: "bom", title: T.run.columns.bom, width: "minmax(0, 2fr)", cell: (bom) => bom.bom_name ?? bom.bom_id },
  { name: "progress", title: T.run.columns.progress, width: "minmax(8rem, 1.5fr)", cell: (bom) => <Bar bom={bom} /> },
  { name: "updated", title: T.run.columns.updated, width: "6rem", number: true, cell: (bom) => count(bom.totals.updated) },
  { name: "skipped", title: T.run.columns.skipped, width: "6rem", number: true, cell: (bom) => count(bom.totals.skipped) },
  { name: "errors", title: T.run.columns.errors, width: "6rem", number: true, cell: (bom) => count(bom.totals.errors) },
];

function Bar({ bom }: { bom: BomProgress }) {
  const done = endedCells(bom.totals);
  return (
    <span className={styles.bar}>
      <span className={styles.track} aria-hidden="true">
        <span className={styles.done} style={{ width: `${bom.totals.total === 0 ? 0 : (100 * done) / bom.totals.total}%` }} />
      </span>
      {count(done)} / {count(bom.totals.total)}
    </span>
  );
}

export const ERROR_COLUMNS: Column<JobCell>[] = [
  { name: "bom", title: T.run.errorColumns.bom, width: "minmax(0, 1.4fr)", cell: (cell) => cell.bom_name ?? cell.bom_id },
  { name: "location", title: T.run.errorColumns.location, width: "minmax(0, 1fr)", cell: (cell) => cell.location_name ?? cell.location_id },
  {
    name: "message",
    title: T.run.errorColumns.message,
    width: "minmax(0, 2fr)",
    cell: (cell) => [cell.message ?? cell.code, cell.detail].filter(Boolean).join(" "),
  },
  { name: "remedy", title: T.run.errorColumns.remedy, width: "minmax(0, 2fr)", cell: (cell) => cell.remedy ?? T.dash },
];

export function RunTables({ job }: { job: Job }) {
  const over = jobEnded(job);
  const errors = job.totals.errors;
  const [asked, setAsked] = useState<"boms" | "errors" | null>(null);
  // What needs somebody comes first once the run is over.
  const shown = asked ?? (over && errors > 0 ? "errors" : "boms");
  return (
    <Stack gap="300">
      {errors > 0 && (
        <Inline>
          <Select
            label={T.run.view}
            inline
            options={[
              { value: "boms", label: T.run.viewBoms },
              { value: "errors", label: T.run.viewErrors(errors) },
            ]}
            value={shown}
            onChange={setAsked}
          />
        </Inline>
      )}
      {shown === "errors" ? (
        <ErrorTable jobId={job.job_id} refresh={over ? false : REFRESH} />
      ) : (
        <Rows
          key={over ? "over" : "running"}
          label={T.run.perBom}
          columns={BOM_COLUMNS}
          empty={<EmptyNote title={T.run.headings[job.state]} />}
          source={{
            key: ["job", job.job_id, "boms", over],
            refresh: over ? false : REFRESH,
            read: (offset, limit, signal) =>
              body(
                api.GET("/api/jobs/{job_id}/boms", {
                  signal,
                  params: { path: { job_id: job.job_id }, query: { offset, limit } },
                }),
              ),
          }}
        />
      )}
    </Stack>
  );
}

function ErrorTable({ jobId, refresh }: { jobId: string; refresh: number | false }) {
  return (
    <Rows
      label={T.run.errorTable}
      columns={ERROR_COLUMNS}
      empty={<EmptyNote title={T.run.errors} text={T.preview.noRows} />}
      source={{
        key: ["job", jobId, "errors"],
        refresh,
        read: (offset, limit, signal) =>
          body(
            api.GET("/api/jobs/{job_id}/cells", {
              signal,
              params: { path: { job_id: jobId }, query: { state: "error", offset, limit } },
            }),
          ),
      }}
    />
  );
}
