/** What a retry would run again, and what a person must mend first: that stays out until it is said to be done. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ulid } from "ulid";
import { useParams } from "../address";
import { api, body, type Schema } from "../api/client";
import type { Job } from "../api/queries";
import { count } from "../formats";
import { Button, Checkbox, Dialog, Panel, Skeleton, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";

export function RetryDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const client = useQueryClient();
  const [, go] = useParams();
  // Another choice is another retry.
  const [ids] = useState(() => ({ asIs: ulid(), mended: ulid() }));
  const [mended, setMended] = useState(false);
  const shares = useQuery({
    queryKey: ["job", job.job_id, "retry"],
    queryFn: ({ signal }) => body(api.GET("/api/jobs/{job_id}/retry", { signal, params: { path: { job_id: job.job_id } } })),
  });
  const retry = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/jobs/{job_id}/retry", {
          params: { path: { job_id: job.job_id } },
          body: { job_id: mended ? ids.mended : ids.asIs, mended, with_not_compared: false },
        }),
      ),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      void client.invalidateQueries({ queryKey: ["job", job.job_id] });
      onClose();
      go({ reconcile: "run", job: made.job.job_id, preview: null, direction: null });
    },
  });
  const known = shares.data;
  const number = (known?.re_run ?? 0) + (mended ? (known?.needs_person ?? 0) : 0);
  return (
    <Dialog
      title={T.runPage.retryTitle}
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{T.runPage.keep}</Button>
          <Button variant="primary" isDisabled={number === 0} isPending={retry.isPending} onPress={() => retry.mutate()}>
            {T.runPage.retryNow(number)}
          </Button>
        </>
      }
    >
      <Stack gap="400">
        {shares.error !== null && <TroubleNote trouble={shares.error} again={() => void shares.refetch()} />}
        {retry.error !== null && <TroubleNote trouble={retry.error} again={() => retry.mutate()} />}
        {known === undefined ? (
          shares.error === null && <Skeleton label={T.loading} lines={3} />
        ) : (
          <>
            <Text strong>{known.re_run > 0 ? T.runPage.mayRun(known.re_run) : T.runPage.noneMayRun}</Text>
            {known.needs_person > 0 && (
              <Panel label={T.runPage.person(known.needs_person)}>
                <Text strong>{T.runPage.person(known.needs_person)}</Text>
                <Why codes={known.needs_person_codes} />
                <Checkbox isSelected={mended} onChange={setMended}>
                  {T.runPage.mended(known.needs_person)}
                </Checkbox>
                {!mended && <Text tone="subdued">{T.runPage.personLeft}</Text>}
              </Panel>
            )}
            {known.needs_preview > 0 && (
              <Panel label={T.runPage.preview(known.needs_preview)}>
                <Text strong>{T.runPage.preview(known.needs_preview)}</Text>
                <Why codes={known.needs_preview_codes} />
                <Text tone="subdued">{T.runPage.previewHow}</Text>
              </Panel>
            )}
          </>
        )}
      </Stack>
    </Dialog>
  );
}

/** Each reason with what to do about it. */
function Why({ codes }: { codes: readonly Schema["CodeCount"][] }) {
  return (
    <ul>
      {codes.map(({ code, count: number, message, remedy }) => (
        <li key={code}>
          {count(number)} × {message ?? code} {remedy}
        </li>
      ))}
    </ul>
  );
}
