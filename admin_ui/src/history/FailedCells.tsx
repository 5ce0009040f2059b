/** What failed in a run, put together by its reason or by BOM: one cause is mended once. */
import { useState } from "react";
import type { operations } from "../../generated/api";
import { api, body, type Schema } from "../api/client";
import type { Job } from "../api/queries";
import { count } from "../formats";
import { Button, type Column, Inline, Panel, Select, Stack, Text } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { Rows } from "../parts/Rows";
import { StoryLink } from "../story/StoryLink";
import { T } from "../texts";
import { FailedBoms } from "./FailedBoms";

type Code = NonNullable<NonNullable<operations["listJobCells"]["parameters"]["query"]>["code"]>;

type JobCell = Schema["JobCellOut"];

/** What happened and what to do is said once, above. */
const COLUMNS: Column<JobCell>[] = [
  { name: "bom", title: T.history.cellColumns.bom, width: "minmax(0, 1.4fr)", cell: (cell) => cell.bom_name ?? cell.bom_id },
  {
    name: "location",
    title: T.history.cellColumns.location,
    width: "minmax(0, 1fr)",
    cell: (cell) => (
      <StoryLink bomId={cell.bom_id} locationId={cell.location_id}>
        {cell.location_name ?? cell.location_id}
      </StoryLink>
    ),
  },
  { name: "detail", title: T.runPage.detail, width: "minmax(0, 2fr)", cell: (cell) => cell.detail ?? T.dash },
];

export function FailedCells({ job }: { job: Job }) {
  const [by, setBy] = useState<"code" | "bom">("code");
  return (
    <Stack gap="300">
      <Inline>
        <Select
          label={T.runPage.grouped}
          inline
          options={[
            { value: "code", label: T.runPage.byCode },
            { value: "bom", label: T.runPage.byBom },
          ]}
          value={by}
          onChange={setBy}
        />
      </Inline>
      {by === "code" ? <ByCode job={job} /> : <FailedBoms job={job} />}
    </Stack>
  );
}

function ByCode({ job }: { job: Job }) {
  const [open, setOpen] = useState<string | null>(job.codes.length === 1 ? (job.codes[0]?.code ?? null) : null);
  return (
    <Stack gap="300">
      {job.codes.map((one) => (
        <Panel key={one.code} label={one.message ?? one.code}>
          <Text strong>{one.message ?? one.code}</Text>
          {one.remedy !== null && <Text>{one.remedy}</Text>}
          <div>
            <Button
              disclosure={open === one.code ? "up" : "down"}
              aria-expanded={open === one.code}
              onPress={() => setOpen(open === one.code ? null : one.code)}
            >
              {T.runPage.failedAt(one.count)}
            </Button>
          </div>
          {open === one.code && <CellsOf job={job} code={one.code as Code} label={`${one.message ?? one.code} (${count(one.count)})`} />}
        </Panel>
      ))}
    </Stack>
  );
}

function CellsOf({ job, code, label }: { job: Job; code: Code; label: string }) {
  return (
    <Rows
      label={label}
      columns={COLUMNS}
      empty={<EmptyNote title={T.preview.noRows} />}
      source={{
        key: ["job", job.job_id, "failed", code],
        read: (offset, limit, signal) =>
          body(
            api.GET("/api/jobs/{job_id}/cells", {
              signal,
              params: { path: { job_id: job.job_id }, query: { state: "error", code, offset, limit } },
            }),
          ),
      }}
    />
  );
}
