/** A preview that is ready: its badges, its rows, what will change, and the button that starts it. */
import { useMutation, usePrefetchQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { ulid } from "ulid";
import type { Changes } from "../address";
import { api, body } from "../api/client";
import type { CellClass, Direction, Preview } from "../api/queries";
import { policyQuery } from "../drift/queries";
import { Badge, Banner, Button, Dialog, Heading, Inline, Skeleton, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { asOf, DIRECTIONS, T } from "../texts";
import { ConfirmField, isConfirmed } from "./ConfirmField";
import { keepUndecided } from "./kept";
import { limitOf, needsTyping } from "./confirm";
import { type LeavingOut, leaveOutBody, NOTHING, useLeavingOut, withClasses } from "./leftOut";
import { firstRows, PreviewTable } from "./PreviewTable";
import { unsuited } from "./suits";
import type { NewPreview } from "./useNewPreview";
import { useWillChange, type WillChange } from "./useWillChange";
import { WhatChanges } from "./WhatChanges";

interface DecisionProps {
  preview: Preview;
  direction: Direction;
  jobId: string | null;
  onClose: () => void;
  onGo: (changes: Changes, options?: { replace?: boolean }) => void;
  again: NewPreview;
}

export function Decision({ preview, direction, jobId, onClose, onGo, again }: DecisionProps) {
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  // Another run is meant from then on, also where one was asked for whose answer was lost.
  const anew = useCallback(() => {
    setTyped("");
    onGo({ job: null }, { replace: true });
  }, [onGo]);
  const leaving = useLeavingOut(preview.preview_id, anew);
  const weighed = useWillChange(preview.preview_id, direction, leaving.out);
  const changes = weighed.data;
  const cells = changes?.cells ?? 0;
  usePrefetchQuery(firstRows(preview));
  const expired = preview.expires_at !== null && Date.parse(preview.expires_at) < Date.now();
  const policy = useQuery(policyQuery);
  // All of it appears at once: what is added up would push the table down under the hand.
  const isWeighed = (changes !== undefined || weighed.error !== null) && !policy.isPending;
  const limit = limitOf(policy.data);
  const largest = changes?.largest ?? 0;
  const mustType = needsTyping(cells, largest, limit);
  const confirmed = !mustType || isConfirmed(typed, cells);

  const start = useMutation({
    mutationFn: (id: string) =>
      body(
        api.POST("/api/jobs", {
          body: {
            direction,
            preview_id: preview.preview_id,
            job_id: id,
            leave_out: leaveOutBody(leaving.out) ?? null,
          },
        }),
      ),
    onSuccess: (job) => {
      keepUndecided(null);
      client.setQueryData(["job", job.job_id], job);
      void client.invalidateQueries({ queryKey: ["jobs"] });
      onGo({ reconcile: "run", job: job.job_id, preview: null, direction: null }, { replace: true });
    },
  });
  const begin = () => {
    const id = jobId ?? ulid();
    // Kept in the address first: should the answer be lost, the same id is asked for again and starts only once.
    onGo({ job: id }, { replace: true });
    start.mutate(id);
  };

  return (
    <Dialog
      title={T.preview.title}
      wide
      tall
      onClose={onClose}
      step="ready"
      footer={
        <>
          {isWeighed && mustType && !expired && (
            <ConfirmField cells={cells} largest={largest} limit={limit} typed={typed} onType={setTyped} />
          )}
          <Button onPress={() => onGo({ reconcile: "choose", job: null })} isDisabled={start.isPending}>
            {T.preview.back}
          </Button>
          <Button
            variant="primary"
            isDisabled={cells === 0 || weighed.isOld || expired || !confirmed}
            isPending={start.isPending}
            onPress={begin}
          >
            {cells === 0 ? T.preview.start : T.preview.startWith(cells)}
          </Button>
        </>
      }
    >
      {!isWeighed && <Skeleton label={T.changes.weighing} lines={12} />}
      {isWeighed && (
        <Stack gap="400">
          <Stack gap="200">
            <Heading level={3}>{DIRECTIONS[direction].title}</Heading>
            <Badges preview={preview} changes={changes} />
          </Stack>
          {expired && (
            <Banner tone="warning" action={{ label: T.preview.again, onPress: again.take }}>
              {T.preview.expired}
            </Banner>
          )}
          <Unsuited changes={changes} direction={direction} leaving={leaving} />
          {weighed.error !== null && changes === undefined ? (
            <TroubleNote trouble={weighed.error} again={weighed.again} />
          ) : (
            <WhatChanges changes={changes} direction={direction} isOld={weighed.isOld} />
          )}
          {start.error !== null && (
            <Stack gap="200">
              <TroubleNote trouble={start.error} again={begin} />
              {"passes" in start.error && start.error.passes === true && <Text>{T.preview.notStarted}</Text>}
            </Stack>
          )}
          {again.trouble !== null && <TroubleNote trouble={again.trouble} again={again.take} />}
          <PreviewTable preview={preview} direction={direction} leaving={leaving} />
          <Inline gap="300">
            <Text as="span" tone="subdued">
              {asOf(preview.taken_from)}
            </Text>
            <Button onPress={again.take} isPending={again.busy}>
              {T.preview.again}
            </Button>
          </Inline>
        </Stack>
      )}
    </Dialog>
  );
}

function Badges({ preview, changes }: { preview: Preview; changes: WillChange | undefined }) {
  const badges = preview.badges;
  if (badges === null) return null;
  return (
    <Inline gap="200">
      <Badge tone={badges.with_discrepancies > 0 ? "attention" : "success"}>{T.preview.discrepancies(badges.with_discrepancies)}</Badge>
      <Badge tone="success">{T.preview.inSync(badges.in_sync)}</Badge>
      <Badge tone={badges.not_compared > 0 ? "warning" : undefined}>{T.preview.notCompared(badges.not_compared)}</Badge>
      {changes !== undefined && <Badge tone="info">{T.changes.toChange(changes.cells, changes.boms)}</Badge>}
    </Inline>
  );
}

interface UnsuitedProps {
  changes: WillChange | undefined;
  direction: Direction;
  leaving: LeavingOut;
}

/** The rows where this direction overwrites somebody's change; one click leaves them out, one takes them back. */
function Unsuited({ changes, direction, leaving }: UnsuitedProps) {
  const names = unsuited(direction);
  const { classes } = leaving.out;
  const overwritten = names.reduce((sum, name) => sum + (changes?.classes[name] ?? 0), 0);
  const leave = (left: readonly CellClass[]) => leaving.change((out) => withClasses(out, left));
  if (classes.length === 0 && overwritten > 0) {
    return (
      <Banner tone="warning" action={{ label: T.preview.leaveOut(overwritten), onPress: () => leave(names) }}>
        {T.preview.unsuited(overwritten, direction)}
      </Banner>
    );
  }
  const left = changes?.left_out ?? 0;
  if (left === 0 || classes.length === 0) return null;
  return (
    <Banner tone="success" action={{ label: T.preview.takeBack(left), onPress: () => leaving.change(() => NOTHING) }}>
      {T.preview.leftOutNow(left)}
    </Banner>
  );
}
