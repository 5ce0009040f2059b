/** What differed and was left out when a run was started: it stays with the run. */
import { useState } from "react";
import { api, body } from "../api/client";
import type { Job, Row } from "../api/queries";
import { change, count } from "../formats";
import { type Column, Button, Stack } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { Rows } from "../parts/Rows";
import { CLASS_NAMES, T } from "../texts";

const COLUMNS: Column<Row>[] = [
  { name: "bom", title: T.preview.columns.bom, width: "minmax(0, 2fr)", cell: (row) => row.bom_name ?? row.bom_id },
  { name: "location", title: T.preview.columns.location, width: "minmax(0, 1.4fr)", cell: (row) => row.location_name ?? row.location_id },
  { name: "shopify", title: T.preview.columns.shopify, width: "5rem", number: true, cell: (row) => count(row.shopify_value) },
  { name: "local", title: T.preview.columns.local, width: "5rem", number: true, cell: (row) => count(row.local_value) },
  { name: "difference", title: T.preview.columns.difference, width: "6rem", number: true, cell: (row) => change(row.difference) },
  {
    name: "moved",
    title: T.preview.columns.moved,
    width: "minmax(0, 2fr)",
    cell: (row) => (row.cell_class === null ? T.dash : CLASS_NAMES[row.cell_class]),
  },
];

export function LeftOutOfRun({ job }: { job: Job }) {
  const [open, setOpen] = useState(false);
  const number = job.approved?.left_out ?? 0;
  if (number === 0) return null;
  return (
    <Stack gap="200">
      <div>
        <Button disclosure={open ? "up" : "down"} aria-expanded={open} onPress={() => setOpen(!open)}>
          {T.changes.leftOutOfRun(number)}
        </Button>
      </div>
      {open && (
        <Rows
          label={T.changes.leftOutTable}
          columns={COLUMNS}
          empty={<EmptyNote title={T.preview.noRows} />}
          source={{
            key: ["job", job.job_id, "left out"],
            read: (offset, limit, signal) =>
              body(
                api.GET("/api/jobs/{job_id}/left-out", {
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
