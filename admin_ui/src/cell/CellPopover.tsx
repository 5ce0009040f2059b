/** One cell: both values, read afresh, and one click that settles it in either direction. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ulid } from "ulid";
import { api, body } from "../api/client";
import { useLive } from "../api/live";
import { type Direction, type Job, jobQuery, previewQuery, type Row } from "../api/queries";
import { count, dateTime } from "../formats";
import { Button, Inline, Popover, Spinner, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { jobEnded, previewEnded } from "../reconcile/states";
import { unsuited } from "../reconcile/suits";
import { StoryLink } from "../story/StoryLink";
import { CLASS_MEANINGS, T } from "../texts";
import styles from "./CellPopover.module.css";

export interface OpenCell {
  bomId: string;
  bomName: string;
  locationId: string;
  locationName: string;
  anchor: HTMLElement;
}

export function CellPopover({ open, onClose }: { open: OpenCell; onClose: () => void }) {
  const { bomId, locationId, anchor } = open;
  return (
    <Popover
      key={`${bomId}/${locationId}`}
      anchor={anchor}
      label={T.cell.label(open.bomName, open.locationName)}
      title={open.bomName}
      subtitle={open.locationName}
      onClose={onClose}
    >
      <CellReading bomId={bomId} locationId={locationId} />
      <StoryLink bomId={bomId} locationId={locationId}>
        {T.story.link}
      </StoryLink>
    </Popover>
  );
}

/** A preview of this one cell: the same reading, the same rules as for many. */
function CellReading({ bomId, locationId }: { bomId: string; locationId: string }) {
  const [previewId, setPreviewId] = useState(() => ulid());
  const asked = useQuery({
    queryKey: ["cell", "preview", previewId],
    queryFn: () =>
      body(
        api.POST("/api/previews", {
          body: { preview_id: previewId, selection: { cells: [{ bom_id: bomId, location_id: locationId }] } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const again = () => (asked.error === null ? setPreviewId(ulid()) : void asked.refetch());
  if (asked.error !== null) return <TroubleNote trouble={asked.error} again={again} />;
  if (asked.data === undefined) return <Reading />;
  return <CellPreview previewId={previewId} again={again} />;
}

function Reading() {
  return (
    <Inline gap="200">
      <Spinner small label={T.cell.reading} />
      <Text>{T.cell.reading}</Text>
    </Inline>
  );
}

function CellPreview({ previewId, again }: { previewId: string; again: () => void }) {
  const preview = useLive(previewQuery(previewId), `/api/previews/${previewId}/events`, previewEnded);
  const ready = preview.data?.state === "ready";
  const rows = useQuery({
    queryKey: ["preview", previewId, "only row"],
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/previews/{preview_id}/rows", {
          signal,
          params: { path: { preview_id: previewId }, query: { limit: 1 } },
        }),
      ),
    enabled: ready,
  });
  const [job, setJob] = useState<string | null>(null);
  const trouble = preview.trouble ?? rows.error;
  if (trouble !== null) return <TroubleNote trouble={trouble} again={again} />;
  if (preview.data?.failure) {
    return (
      <Stack gap="200">
        <Text>{preview.data.failure.message}</Text>
        {preview.data.failure.remedy !== null && <Text>{preview.data.failure.remedy}</Text>}
        <Button onPress={again}>{T.retry}</Button>
      </Stack>
    );
  }
  const row = rows.data?.items[0];
  if (row === undefined) return <Reading />;
  return (
    <Stack gap="300">
      {job === null ? <CellRow row={row} previewId={previewId} onStarted={setJob} /> : <CellJob jobId={job} again={again} />}
    </Stack>
  );
}

function CellRow({ row, previewId, onStarted }: { row: Row; previewId: string; onStarted: (jobId: string) => void }) {
  const [jobIds] = useState<Record<Direction, string>>(() => ({ toShopify: ulid(), toLocal: ulid() }));
  const start = useMutation({
    mutationFn: (direction: Direction) =>
      body(api.POST("/api/jobs", { body: { direction, preview_id: previewId, job_id: jobIds[direction] } })),
    onSuccess: (job) => onStarted(job.job_id),
  });
  const { shopify_value: shopify, local_value: local, cell_class: cellClass } = row;
  const differs = cellClass !== null && cellClass !== "in_sync";
  const warns = (direction: Direction) => cellClass !== null && unsuited(direction).includes(cellClass);
  return (
    <>
      <dl className={styles.values}>
        <div>
          <dt>{T.cell.local}</dt>
          <dd>{count(local)}</dd>
        </div>
        <div>
          <dt>{T.cell.shopify}</dt>
          <dd>{count(shopify)}</dd>
        </div>
      </dl>
      {row.shopify_changed_at !== null && (
        <Text tone="subdued" small>
          {T.cell.changed(dateTime(row.shopify_changed_at))}
        </Text>
      )}
      <Text>{cellClass === null ? row.message : CLASS_MEANINGS[cellClass]}</Text>
      {row.remedy !== null && <Text>{row.remedy}</Text>}
      {differs && shopify !== null && (
        <div className={styles.actions}>
          {local !== null && (
            <div>
              <Button
                wide
                isPending={start.isPending && start.variables === "toShopify"}
                isDisabled={start.isPending && start.variables !== "toShopify"}
                onPress={() => start.mutate("toShopify")}
              >
                {T.cell.push}
              </Button>
              <small>{T.cell.pushes(shopify, local)}</small>
              {warns("toShopify") && <small className={styles.warn}>{T.cell.overwritesShopify}</small>}
            </div>
          )}
          <div>
            <Button
              wide
              isPending={start.isPending && start.variables === "toLocal"}
              isDisabled={start.isPending && start.variables !== "toLocal"}
              onPress={() => start.mutate("toLocal")}
            >
              {T.cell.pull}
            </Button>
            <small>{T.cell.pulls(local, shopify)}</small>
            {warns("toLocal") && <small className={styles.warn}>{T.cell.overwritesLocal}</small>}
          </div>
        </div>
      )}
      {start.error !== null && <TroubleNote trouble={start.error} again={() => start.mutate(start.variables)} />}
    </>
  );
}

function CellJob({ jobId, again }: { jobId: string; again: () => void }) {
  const client = useQueryClient();
  const job = useLive(jobQuery(jobId), `/api/jobs/${jobId}/events`, jobEnded);
  const over = job.data !== undefined && jobEnded(job.data);
  useQuery({
    // The list shows what has changed.
    queryKey: ["cell", "after", jobId],
    queryFn: async () => {
      await client.invalidateQueries({ queryKey: ["boms"] });
      return true;
    },
    enabled: over,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (job.trouble !== null) return <TroubleNote trouble={job.trouble} again={job.again} />;
  if (job.data === undefined || !over) {
    return (
      <div role="status">
        <Inline gap="200">
          <Spinner small label={T.cell.working} />
          <Text>{(job.data?.paused ?? job.data?.held)?.message ?? (job.data?.state === "waiting" ? T.run.waitsFor : T.cell.working)}</Text>
        </Inline>
      </div>
    );
  }
  return <Outcome job={job.data} again={again} />;
}

function Outcome({ job, again }: { job: Job; again: () => void }) {
  const failed = job.first_errors[0];
  const skipped = job.reasons[0];
  if (job.state === "completed") {
    const text = job.totals.updated > 0 ? T.cell.updated : (skipped?.message ?? T.cell.agree);
    return (
      <div role="status">
        <Text>{text}</Text>
      </div>
    );
  }
  return (
    <div role="alert">
      <Stack gap="200">
        <Text strong>{failed?.message ?? job.failure?.message ?? T.run.headings[job.state]}</Text>
        <Text>{failed?.remedy ?? job.failure?.remedy ?? ""}</Text>
        <Button onPress={again}>{T.preview.again}</Button>
      </Stack>
    </div>
  );
}
