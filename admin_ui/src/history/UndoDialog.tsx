/** What an undo would change, cell by cell, before it does. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ulid } from "ulid";
import { useParams } from "../address";
import { api, body, type Schema } from "../api/client";
import type { Job } from "../api/queries";
import { change, count } from "../formats";
import { Banner, Button, type Column, Dialog, Panel, Stack, Text } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { TroubleNote } from "../parts/TroubleNote";
import { Rows } from "../parts/Rows";
import { cells, T } from "../texts";

type UndoCell = Schema["UndoCell"];

const arrow = (now: number | null, then: number | null) => (now === then ? count(now) : `${count(now)} → ${count(then)}`);

const COLUMNS: Column<UndoCell>[] = [
  { name: "bom", title: T.undo.columns.bom, width: "minmax(0, 1.6fr)", cell: (cell) => cell.bom_name ?? cell.bom_id },
  {
    name: "location",
    title: T.undo.columns.location,
    width: "minmax(0, 1.1fr)",
    cell: (cell) => cell.location_name ?? cell.location_id,
  },
  {
    name: "change",
    title: T.undo.columns.change,
    width: "5rem",
    number: true,
    cell: (cell) => (cell.possible ? change(cell.change) : T.dash),
  },
  {
    name: "shopify-change",
    title: T.undo.columns.shopify,
    width: "11rem",
    number: true,
    cell: (cell) => arrow(cell.shopify_now, cell.shopify_then),
  },
  {
    name: "local-change",
    title: T.undo.columns.local,
    width: "11rem",
    number: true,
    cell: (cell) => arrow(cell.local_now, cell.local_then),
  },
  {
    name: "why",
    title: T.undo.columns.why,
    width: "minmax(0, 2fr)",
    cell: (cell) => (cell.possible ? T.dash : [cell.message, cell.remedy].filter(Boolean).join(" ")),
  },
];

export function UndoDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const client = useQueryClient();
  const [, go] = useParams();
  const [undoId] = useState(() => ulid());
  const read = (offset: number, limit: number, signal: AbortSignal) =>
    body(
      api.GET("/api/jobs/{job_id}/undo", {
        signal,
        params: { path: { job_id: job.job_id }, query: { offset, limit } },
      }),
    );
  const figures = useQuery({
    queryKey: ["job", job.job_id, "undo", undoId, "figures"],
    queryFn: ({ signal }) => read(0, 1, signal),
  });
  const undo = useMutation({
    mutationFn: () => body(api.POST("/api/jobs/{job_id}/undo", { params: { path: { job_id: job.job_id } }, body: { job_id: undoId } })),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      void client.invalidateQueries({ queryKey: ["job", job.job_id] });
      onClose();
      go({ reconcile: "run", job: made.job_id });
    },
  });
  // Where there are too many to look at each, the run itself decides cell by cell.
  const possible = figures.data?.possible ?? figures.data?.total ?? 0;
  return (
    <Dialog
      title={T.undo.title}
      wide
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{T.undo.keep}</Button>
          <Button variant="primary" tone="critical" isDisabled={possible === 0} isPending={undo.isPending} onPress={() => undo.mutate()}>
            {T.undo.start(possible)}
          </Button>
        </>
      }
    >
      <Stack gap="400">
        {figures.error !== null && <TroubleNote trouble={figures.error} again={() => void figures.refetch()} />}
        {undo.error !== null && <TroubleNote trouble={undo.error} again={() => undo.mutate()} />}
        {figures.data !== undefined && <Figures figures={figures.data} direction={job.direction} />}
        <Rows
          label={T.undo.table}
          columns={COLUMNS}
          empty={<EmptyNote title={T.undo.none} />}
          source={{ key: ["job", job.job_id, "undo", undoId], read }}
        />
      </Stack>
    </Dialog>
  );
}

function Figures({ figures, direction }: { figures: Schema["UndoPage"]; direction: Job["direction"] }) {
  if (figures.possible === null) return <Text>{T.undo.many(cells(figures.total))}</Text>;
  if (figures.possible === 0) return <Banner tone="info">{T.undo.none}</Banner>;
  return (
    <Panel label={T.preview.whatChanges}>
      <p>
        {T.undo.possible(figures.possible)} {T.undo.side(direction)}
      </p>
      {(figures.impossible ?? 0) > 0 && <p>{T.undo.impossible(figures.impossible ?? 0)}</p>}
      <p>{T.undo.later}</p>
    </Panel>
  );
}
