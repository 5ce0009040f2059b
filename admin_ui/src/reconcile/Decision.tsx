/** A preview that is ready: its badges, its rows, what would change, and the button that starts it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ulid } from "ulid";
import type { Changes } from "../address";
import { api, body } from "../api/client";
import type { CellClass, Direction, Preview } from "../api/queries";
import { policyQuery } from "../drift/queries";
import { count, typedNumber } from "../formats";
import { Badge, Banner, Button, Dialog, Field, Heading, Inline, Stack, Text } from "../kit";
import { SaveButton } from "../parts/SaveButton";
import { TroubleNote } from "../parts/TroubleNote";
import { asOf, DIRECTIONS, T } from "../texts";
import styles from "./Decision.module.css";
import { keepUndecided } from "./kept";
import { PreviewTable } from "./PreviewTable";
import { unsuited, whatChanges } from "./suits";
import type { NewPreview } from "./useNewPreview";
import { WhatChanges } from "./WhatChanges";

/** More cells than these are confirmed by typing their number. */
const CONFIRM_ABOVE = 100;
/** Units: the limit of a shop's drift policy that nobody has changed. */
const USUAL_LIMIT = 1_000;

interface DecisionProps {
  preview: Preview;
  direction: Direction;
  without: ReadonlySet<CellClass>;
  jobId: string | null;
  onClose: () => void;
  onGo: (changes: Changes, options?: { replace?: boolean }) => void;
  again: NewPreview;
}

export function Decision({ preview, direction, without, jobId, onClose, onGo, again }: DecisionProps) {
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const changes = whatChanges(preview.moves, direction, without);
  const expired = preview.expires_at !== null && Date.parse(preview.expires_at) < Date.now();
  const policy = useQuery(policyQuery);
  const limit = policy.data?.max_move ?? USUAL_LIMIT;
  const largest = Math.max(changes.rise?.by ?? 0, -(changes.fall?.by ?? 0));
  // Both a wide run and one large jump are what a slip of the hand looks like.
  const mustType = changes.cells > CONFIRM_ABOVE || largest > limit;
  const confirmed = !mustType || typedNumber(typed) === changes.cells;

  const start = useMutation({
    mutationFn: (id: string) =>
      body(
        api.POST("/api/jobs", {
          body: {
            direction,
            preview_id: preview.preview_id,
            job_id: id,
            ...(without.size > 0 && { leave_out: { classes: [...without] } }),
          },
        }),
      ),
    onSuccess: (job) => {
      keepUndecided(null);
      client.setQueryData(["job", job.job_id], job);
      void client.invalidateQueries({ queryKey: ["jobs"] });
      onGo({ reconcile: "run", job: job.job_id, preview: null, direction: null, without: null }, { replace: true });
    },
  });
  const begin = () => {
    const id = jobId ?? ulid();
    // Kept in the address first: should the answer be lost, the same id is asked for again and starts only once.
    onGo({ job: id }, { replace: true });
    start.mutate(id);
  };
  const leave = (classes: readonly CellClass[]) => {
    setTyped("");
    onGo({ without: classes.join(","), job: null }, { replace: true });
  };

  return (
    <Dialog
      title={T.preview.title}
      wide
      onClose={onClose}
      step="ready"
      footer={
        <>
          {mustType && !expired && (
            <div className={styles.confirm}>
              <Field
                label={T.preview.confirm(count(changes.cells))}
                help={largest > limit ? T.preview.largeMove(largest, limit) : undefined}

                inputMode="numeric"
                value={typed}
                error={typed !== "" && !confirmed ? T.preview.confirmWrong(count(changes.cells)) : undefined}
                onChange={setTyped}
              />
            </div>
          )}
          <Button onPress={() => onGo({ reconcile: "choose", job: null, without: null })} isDisabled={start.isPending}>
            {T.preview.back}
          </Button>
          <Button variant="primary" isDisabled={changes.cells === 0 || expired || !confirmed} isPending={start.isPending} onPress={begin}>
            {T.preview.start}
          </Button>
        </>
      }
    >
      <Stack gap="400">
        <Stack gap="200">
          <Heading level={3}>{DIRECTIONS[direction].title}</Heading>
          <Badges preview={preview} />
        </Stack>
        {expired && (
          <Banner tone="warning" action={{ label: T.preview.again, onPress: again.take }}>
            {T.preview.expired}
          </Banner>
        )}
        <Unsuited preview={preview} direction={direction} without={without} onLeave={leave} />
        <WhatChanges changes={changes} direction={direction} moves={preview.moves} without={without} />
        {start.error !== null && (
          <Stack gap="200">
            <TroubleNote trouble={start.error} again={begin} />
            {"passes" in start.error && start.error.passes === true && <Text>{T.preview.notStarted}</Text>}
          </Stack>
        )}
        {again.trouble !== null && <TroubleNote trouble={again.trouble} again={again.take} />}
        <PreviewTable preview={preview} direction={direction} without={without} />
        <Inline gap="300">
          <Text as="span" tone="subdued">
            {asOf(preview.taken_from)}
          </Text>
          <Button onPress={again.take} isPending={again.busy}>
            {T.preview.again}
          </Button>
          <SaveButton
            label={T.preview.csv}
            path={`/api/previews/${preview.preview_id}/export.csv`}
            file={`preview-${preview.preview_id}.csv`}
          />
        </Inline>
      </Stack>
    </Dialog>
  );
}

function Badges({ preview }: { preview: Preview }) {
  const badges = preview.badges;
  if (badges === null) return null;
  return (
    <Inline gap="200">
      <Badge tone={badges.with_discrepancies > 0 ? "attention" : "success"}>{T.preview.discrepancies(badges.with_discrepancies)}</Badge>
      <Badge tone="success">{T.preview.inSync(badges.in_sync)}</Badge>
      <Badge tone={badges.not_compared > 0 ? "warning" : undefined}>{T.preview.notCompared(badges.not_compared)}</Badge>
    </Inline>
  );
}

interface UnsuitedProps {
  preview: Preview;
  direction: Direction;
  without: ReadonlySet<CellClass>;
  onLeave: (classes: readonly CellClass[]) => void;
}

/** The rows where this direction overwrites somebody's change; one click leaves them out, one takes them back. */
function Unsuited({ preview, direction, without, onLeave }: UnsuitedProps) {
  const cellsOf = (names: readonly CellClass[]) =>
    preview.moves.filter((move) => names.includes(move.cell_class)).reduce((sum, move) => sum + move.cells, 0);
  const names = unsuited(direction);
  const kept = cellsOf(names.filter((name) => !without.has(name)));
  const left = cellsOf([...without]);
  if (kept > 0) {
    return (
      <Banner tone="warning" action={{ label: T.preview.leaveOut(kept), onPress: () => onLeave(names) }}>
        {T.preview.unsuited(kept, direction)}
      </Banner>
    );
  }
  if (left === 0) return null;
  return (
    <Banner tone="success" action={{ label: T.preview.takeBack(left), onPress: () => onLeave([]) }}>
      {T.preview.leftOutNow(left)}
    </Banner>
  );
}
