/** The two values of a place, and what can be done about them, by the same rules as in the reconcile dialog. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ulid } from "ulid";
import { api, body } from "../api/client";
import type { Direction, Row } from "../api/queries";
import { policyQuery } from "../drift/queries";
import { count, dateTime, typedNumber } from "../formats";
import { Button, Field, Inline, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { limitOf, needsTyping } from "../reconcile/confirm";
import { unsuited } from "../reconcile/suits";
import { CLASS_MEANINGS, T } from "../texts";
import styles from "./CellPopover.module.css";
import { CountForm } from "./CountForm";

interface CellRowProps {
  row: Row;
  previewId: string;
  onStarted: (jobId: string) => void;
  /** Read both values afresh. */
  again: () => void;
}

export function CellRow({ row, previewId, onStarted, again }: CellRowProps) {
  const [jobIds] = useState<Record<Direction, string>>(() => ({ toShopify: ulid(), toLocal: ulid() }));
  const [asked, setAsked] = useState<Direction | null>(null);
  const policy = useQuery(policyQuery);
  const start = useMutation({
    mutationFn: (direction: Direction) =>
      body(api.POST("/api/jobs", { body: { direction, preview_id: previewId, job_id: jobIds[direction] } })),
    onSuccess: (job) => onStarted(job.job_id),
  });
  const { shopify_value: shopify, local_value: local, cell_class: cellClass } = row;
  const limit = limitOf(policy.data);
  const begin = (direction: Direction) => {
    const move = moveOf(row, direction);
    if (asked !== direction && (move.empties || needsTyping(1, move.by, limit))) setAsked(direction);
    else start.mutate(direction);
  };
  return (
    <>
      <Values row={row} />
      {row.base !== null && cellClass !== "in_sync" && (
        <Text tone="subdued" small>
          {T.cell.was(row.base)}
        </Text>
      )}
      {row.shopify_value_at !== null && (
        <Text tone="subdued" small>
          {T.cell.changed(dateTime(row.shopify_value_at))}
        </Text>
      )}
      <Text>{cellClass === null ? row.message : CLASS_MEANINGS[cellClass]}</Text>
      {row.remedy !== null && <Text>{row.remedy}</Text>}
      {row.not_pushed_message !== null && <Text>{row.not_pushed_message}</Text>}
      {asked !== null ? (
        <Confirm
          row={row}
          direction={asked}
          limit={limit}
          isPending={start.isPending}
          onYes={() => start.mutate(asked)}
          onNo={() => setAsked(null)}
        />
      ) : (
        <div className={styles.actions}>
          {shopify !== null && local !== null && row.shopify_becomes !== null && (
            <Act row={row} direction="toShopify" start={start} onPress={begin} text={T.cell.pushes(shopify, row.shopify_becomes)} />
          )}
          {row.local_becomes !== null && (
            <Act row={row} direction="toLocal" start={start} onPress={begin} text={T.cell.pulls(local, row.local_becomes)} />
          )}
        </div>
      )}
      {start.error !== null && <TroubleNote trouble={start.error} again={() => start.mutate(start.variables)} />}
      {asked === null && <CountForm row={row} limit={limit} again={again} />}
    </>
  );
}

function Values({ row }: { row: Row }) {
  return (
    <dl className={styles.values}>
      <div>
        <dt>{T.cell.shopify}</dt>
        <dd>{count(row.shopify_value)}</dd>
      </div>
      <div>
        <dt>{T.cell.local}</dt>
        <dd>{count(row.local_value)}</dd>
        {row.local_is !== null && (
          <dd className={styles.what}>
            <Text as="span" tone="subdued" small>
              {T.cell.localIs[row.local_is]}
            </Text>
          </dd>
        )}
      </div>
    </dl>
  );
}

/** By how much the receiving side moves, and whether nothing is left there. */
function moveOf(row: Row, direction: Direction) {
  const [from, to] =
    direction === "toShopify" ? [row.shopify_value, row.shopify_becomes] : [row.local_value, row.local_becomes];
  const after = to ?? 0;
  return { after, by: from === null ? 0 : Math.abs(after - from), empties: to !== null && to <= 0 && (from === null || from > 0) };
}

interface ActProps {
  row: Row;
  direction: Direction;
  start: { isPending: boolean; variables: Direction | undefined };
  onPress: (direction: Direction) => void;
  text: string;
}

function Act({ row, direction, start, onPress, text }: ActProps) {
  const overwrites = row.cell_class !== null && unsuited(direction).includes(row.cell_class);
  return (
    <div>
      <Button
        wide
        isPending={start.isPending && start.variables === direction}
        isDisabled={start.isPending && start.variables !== direction}
        onPress={() => onPress(direction)}
      >
        {direction === "toShopify" ? T.cell.push : T.cell.pull}
      </Button>
      <small>{text}</small>
      {overwrites && (
        <small className={styles.warn}>{direction === "toShopify" ? T.cell.overwritesShopify : T.cell.overwritesLocal}</small>
      )}
    </div>
  );
}

interface ConfirmProps {
  row: Row;
  direction: Direction;
  limit: number;
  isPending: boolean;
  onYes: () => void;
  onNo: () => void;
}

/** A place that would be emptied, or moves far: it is said once more, and a long way is confirmed by typing where to. */
function Confirm({ row, direction, limit, isPending, onYes, onNo }: ConfirmProps) {
  const [typed, setTyped] = useState("");
  const move = moveOf(row, direction);
  const mustType = needsTyping(1, move.by, limit);
  const confirmed = !mustType || typedNumber(typed) === Math.abs(move.after);
  return (
    <div role="alert">
      <Stack gap="200">
        {move.empties && <Text tone="caution">{T.cell.empties(direction)}</Text>}
        {mustType && <Text tone="caution">{T.cell.large(move.by, limit)}</Text>}
        {mustType && (
          <Field
            label={T.cell.type(count(Math.abs(move.after)))}
            inputMode="numeric"
            value={typed}
            error={typed !== "" && !confirmed ? T.cell.typeWrong(count(Math.abs(move.after))) : undefined}
            onChange={setTyped}
          />
        )}
        <Inline gap="200">
          <Button tone="critical" isDisabled={!confirmed} isPending={isPending} onPress={onYes}>
            {T.cell.set(direction, move.after)}
          </Button>
          <Button onPress={onNo}>{T.cell.keep}</Button>
        </Inline>
      </Stack>
    </div>
  );
}
