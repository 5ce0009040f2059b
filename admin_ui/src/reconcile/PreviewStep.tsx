/** Step two: what differs, and what a run would change. Nothing is changed before its last button. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Changes } from "../address";
import { useLive } from "../api/live";
import { type Direction, jobQuery, type Preview, previewQuery } from "../api/queries";
import { Banner, Button, Dialog, Heading, Inline, Progress, Spinner, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { Decision } from "./Decision";
import { keepUndecided } from "./kept";
import { previewEnded } from "./states";
import { useNewPreview } from "./useNewPreview";

/** After this long without a sign the merchant is told. */
const SLOW = 20_000;

interface PreviewStepProps {
  previewId: string;
  direction: Direction;
  /** The id under which the run was asked for; whether it has started is not certain. */
  jobId: string | null;
  onClose: () => void;
  onGo: (changes: Changes, options?: { replace?: boolean }) => void;
}

export function PreviewStep({ previewId, direction, jobId, onClose, onGo }: PreviewStepProps) {
  const preview = useLive(previewQuery(previewId), `/api/previews/${previewId}/events`, previewEnded);
  // The page was left between asking for the run and its answer: it may have started.
  const [left] = useState(jobId);
  const started = useQuery({ ...jobQuery(left ?? ""), enabled: left !== null, retry: false });
  const isStarted = started.data !== undefined;
  useEffect(() => {
    if (isStarted) onGo({ reconcile: "run", preview: null, direction: null }, { replace: true });
  }, [isStarted, onGo]);
  // What is not there, or has failed, waits for nobody's decision.
  const isOver = preview.trouble?.kind === "missing" || preview.data?.state === "failed";
  useEffect(() => {
    if (isOver) keepUndecided(null);
  }, [isOver]);
  const again = useNewPreview(direction, onGo);
  const { data } = preview;

  if (data?.state === "ready") {
    return <Decision preview={data} direction={direction} jobId={jobId} onClose={onClose} onGo={onGo} again={again} />;
  }
  return (
    <Dialog
      title={T.preview.title}
      wide
      tall
      onClose={onClose}
      step={data?.state === "failed" ? "failed" : "comparing"}
      footer={<Button onPress={onClose}>{T.close}</Button>}
    >
      {preview.trouble !== null ? (
        <TroubleNote trouble={preview.trouble} again={preview.again} />
      ) : data?.state === "failed" ? (
        <Banner tone="critical" title={T.preview.failed} action={{ label: T.preview.again, onPress: again.take }}>
          <p>
            {data.failure?.message} {data.failure?.remedy}
          </p>
          <p>{T.preview.failedMeans}</p>
        </Banner>
      ) : (
        <Comparing preview={data} behind={preview.behind} />
      )}
    </Dialog>
  );
}

function Comparing({ preview, behind }: { preview: Preview | undefined; behind: boolean }) {
  const total = preview?.total ?? null;
  const done = preview?.done ?? 0;
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    const timer = setTimeout(() => setSlow(true), SLOW);
    return () => clearTimeout(timer);
  }, [done, total]);
  return (
    <Stack gap="400">
      <Inline gap="300">
        <Spinner small label={T.loading} />
        <Heading level={3} id="comparing">
          {T.preview.comparing}
        </Heading>
      </Inline>
      <Progress value={total === null || total === 0 ? 0 : (100 * done) / total} labelledBy="comparing" />
      <p role="status">{total === null ? T.preview.queued : T.preview.read(done, total)}</p>
      {slow && <Banner tone="warning">{T.preview.slow}</Banner>}
      {behind && <Banner tone="warning">{T.behind}</Banner>}
      <Text tone="subdued">{T.preview.background}</Text>
    </Stack>
  );
}
