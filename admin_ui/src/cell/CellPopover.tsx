/** One place: both values, read afresh, and what settles it: a push, a pull, or a count, each to be undone. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ulid } from "ulid";
import { api, body } from "../api/client";
import { useLive } from "../api/live";
import { previewQuery } from "../api/queries";
import { Button, Inline, Popover, Spinner, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { previewEnded } from "../reconcile/states";
import { StoryLink } from "../story/StoryLink";
import { T } from "../texts";
import { CellJob } from "./CellJob";
import { CellRow } from "./CellRow";

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
      {job === null ? (
        <CellRow row={row} previewId={previewId} onStarted={setJob} again={again} />
      ) : (
        <CellJob key={job} jobId={job} again={again} onUndo={setJob} />
      )}
    </Stack>
  );
}
