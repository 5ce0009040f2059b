/** A preview that is ready: its badges, its rows, what would change, and the button that starts it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ulid } from "ulid";
import type { Changes } from "../address";
import { api, body } from "../api/client";
import type { CellClass, Direction, Preview } from "../api/queries";
import { policyQuery } from "../drift/queries";
import { count, typedNumber } from "../formats";
import { Badge, Banner, BlockStack, Button, InlineStack, Text, TextField } from "../kit";
import { Dialog } from "../parts/Dialog";
import { SaveButton } from "../parts/SaveButton";
import { TroubleNote } from "../parts/TroubleNote";
import { asOf, DIRECTIONS, T } from "../texts";
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
            <div className="confirm">
              <TextField
                label={T.preview.confirm(count(changes.cells))}
                helpText={largest > limit ? T.preview.largeMove(largest, limit) : undefined}
                autoComplete="off"
                inputMode="numeric"
                value={typed}
                error={typed !== "" && !confirmed ? T.preview.confirmWrong(count(changes.cells)) : undefined}
                onChange={setTyped}
              />
            </div>
          )}
          <Button onClick={() => onGo({ reconcile: "choose", job: null, without: null })} disabled={start.isPending}>
            {T.preview.back}
          </Button>
          <Button
            variant="primary"
            disabled={changes.cells === 0 || expired || !confirmed}
            loading={start.isPending}
            onClick={begin}
          >
            {T.preview.start}
          </Button>
        </>
      }
    >
      <BlockStack gap="400">
        <BlockStack gap="200">
          <Text as="h3" variant="headingMd">
            {DIRECTIONS[direction].title}
          </Text>
          <Badges preview={preview} />
        </BlockStack>
        {expired && (
          <Banner tone="warning" action={{ content: T.preview.again, onAction: again.take }}>
            {T.preview.expired}
          </Banner>
        )}
        <Unsuited preview={preview} direction={direction} without={without} onLeave={leave} />
        <WhatChanges changes={changes} direction={direction} moves={preview.moves} without={without} />
        {start.error !== null && (
          <BlockStack gap="200">
            <TroubleNote trouble={start.error} again={begin} />
            {"passes" in start.error && start.error.passes === true && <Text as="p">{T.preview.notStarted}</Text>}
          </BlockStack>
        )}
        {again.trouble !== null && <TroubleNote trouble={again.trouble} again={again.take} />}
        <PreviewTable preview={preview} direction={direction} without={without} />
        <InlineStack gap="300" blockAlign="center">
          <Text as="span" tone="subdued">
            {asOf(preview.taken_from)}
          </Text>
          <Button onClick={again.take} loading={again.busy}>
            {T.preview.again}
          </Button>
          <SaveButton
            label={T.preview.csv}
            path={`/api/previews/${preview.preview_id}/export.csv`}
            file={`preview-${preview.preview_id}.csv`}
          />
        </InlineStack>
      </BlockStack>
    </Dialog>
  );
}

function Badges({ preview }: { preview: Preview }) {
  const badges = preview.badges;
  if (badges === null) return null;
  return (
    <InlineStack gap="200">
      <Badge tone={badges.with_discrepancies > 0 ? "attention" : "success"}>
        {T.preview.discrepancies(badges.with_discrepancies)}
      </Badge>
      <Badge tone="success">{T.preview.inSync(badges.in_sync)}</Badge>
      <Badge tone={badges.not_compared > 0 ? "warning" : undefined}>{T.preview.notCompared(badges.not_compared)}</Badge>
    </InlineStack>
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
      <Banner tone="warning" action={{ content: T.preview.leaveOut(kept), onAction: () => onLeave(names) }}>
        {T.preview.unsuited(kept, direction)}
      </Banner>
    );
  }
  if (left === 0) return null;
  return (
    <Banner tone="success" action={{ content: T.preview.takeBack(left), onAction: () => onLeave([]) }}>
      {T.preview.leftOutNow(left)}
    </Banner>
  );
}
