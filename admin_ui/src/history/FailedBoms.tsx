/** The BOMs of a run of which something failed, each with why. */
import { api, body, type Schema } from "../api/client";
import type { Job } from "../api/queries";
import { count } from "../formats";
import type { Column } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { Rows } from "../parts/Rows";
import { T } from "../texts";

type BomProgress = Schema["BomProgressOut"];

const COLUMNS: Column<BomProgress>[] = [
  { name: "bom", title: T.history.cellColumns.bom, width: "minmax(0, 1.4fr)", cell: (bom) => bom.bom_name ?? bom.bom_id },
  { name: "errors", title: T.history.columns.errors, width: "6rem", number: true, cell: (bom) => count(bom.totals.errors) },
  { name: "why", title: T.history.cellColumns.why, width: "minmax(0, 3fr)", cell: (bom) => <Why bom={bom} /> },
];

function Why({ bom }: { bom: BomProgress }) {
  return (
    <>
      {bom.codes.map(({ code, count: number, message, remedy }) => (
        <p key={code}>
          {count(number)} × {message ?? code} {remedy}
        </p>
      ))}
    </>
  );
}

export function FailedBoms({ job }: { job: Job }) {
  return (
    <Rows
      label={T.runPage.tabs.errors}
      columns={COLUMNS}
      empty={<EmptyNote title={T.preview.noRows} />}
      source={{
        key: ["job", job.job_id, "failed boms"],
        read: (offset, limit, signal) =>
          body(
            api.GET("/api/jobs/{job_id}/boms", {
              signal,
              params: { path: { job_id: job.job_id }, query: { only: "errors", offset, limit } },
            }),
          ),
      }}
    />
  );
}
