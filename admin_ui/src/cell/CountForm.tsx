/** A count taken by hand: the local value of the place, as somebody has seen it on the shelf. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { ulid } from "ulid";
import { api, body } from "../api/client";
import { Trouble } from "../api/trouble";
import type { Row } from "../api/queries";
import { typedNumber } from "../formats";
import { Button, Field, Inline, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { needsTyping } from "../reconcile/confirm";
import { T } from "../texts";

interface Counted {
  before: number | null;
  after: number;
}

export function CountForm({ row, limit, again }: { row: Row; limit: number; again: () => void }) {
  const client = useQueryClient();
  const path = { bom_id: row.bom_id, location_id: row.location_id };
  const [text, setText] = useState("");
  const [asks, setAsks] = useState(false);
  // Made once for what is written: sent again after a lost answer it counts once.
  const key = useRef(ulid());
  const number = typedNumber(text);
  const told = () => void client.invalidateQueries({ queryKey: ["boms"] });
  const save = useMutation({
    mutationFn: async (after: number): Promise<Counted> => {
      const seen = await api.GET("/api/cells/{bom_id}/{location_id}", { params: { path } });
      const tag = seen.response.headers.get("ETag");
      // Of what was shown: what somebody else has counted since is not overwritten.
      if (seen.data === undefined || tag === null || seen.data.local_value !== row.local_value) throw new Trouble("refused", { status: 412 });
      await body(
        api.PATCH("/api/cells/{bom_id}/{location_id}", {
          params: { path, header: { "If-Match": tag, "Idempotency-Key": key.current } },
          body: { count: after },
        }),
      );
      return { before: row.local_value, after };
    },
    onSuccess: told,
  });
  const undo = useMutation({
    mutationFn: ({ before, after }: Counted) =>
      body(
        api.PATCH("/api/cells/{bom_id}/{location_id}", {
          params: { path, header: { "Idempotency-Key": `${key.current}-undo` } },
          body: { delta: (before ?? 0) - after },
        }),
      ),
    onSuccess: told,
  });
  if (save.data !== undefined) {
    const { before, after } = save.data;
    return (
      <Stack gap="200">
        <div role="status">
          <Text>{undo.isSuccess ? T.cell.undone : T.cell.saved(before, after)}</Text>
        </div>
        <Inline gap="200">
          {/* A first count has nothing to go back to. */}
          {before !== null && !undo.isSuccess && (
            <Button isPending={undo.isPending} onPress={() => undo.mutate(save.data)}>
              {T.cell.undo}
            </Button>
          )}
          <Button onPress={again}>{T.cell.readAgain}</Button>
        </Inline>
        {undo.error !== null && <TroubleNote trouble={undo.error} again={() => undo.mutate(save.data)} />}
      </Stack>
    );
  }
  const moved = save.error instanceof Trouble && save.error.status === 412;
  const by = number === null || row.local_value === null ? 0 : Math.abs(number - row.local_value);
  const empties = number === 0 && (row.local_value ?? 0) > 0;
  const press = () => {
    if (number === null) return;
    if (!asks && (empties || needsTyping(1, by, limit))) setAsks(true);
    else save.mutate(number);
  };
  return (
    <Stack gap="200">
      <Field
        label={T.cell.count}
        help={T.cell.countHelp}
        inputMode="numeric"
        value={text}
        error={text !== "" && number === null ? T.cell.countWrong : undefined}
        onChange={(value) => {
          setText(value);
          setAsks(false);
          key.current = ulid();
        }}
      />
      {asks && empties && <Text tone="caution">{T.cell.empties("toLocal")}</Text>}
      {asks && by > limit && <Text tone="caution">{T.cell.large(by, limit)}</Text>}
      <div>
        <Button isDisabled={number === null} isPending={save.isPending} onPress={press} {...(asks && { tone: "critical" })}>
          {asks && number !== null ? T.cell.set("toLocal", number) : T.cell.save}
        </Button>
      </div>
      {moved ? (
        <div role="alert">
          <Stack gap="200">
            <Text tone="caution">{T.cell.countMoved}</Text>
            <div>
              <Button onPress={again}>{T.cell.readAgain}</Button>
            </div>
          </Stack>
        </div>
      ) : (
        save.error !== null && <TroubleNote trouble={save.error} again={press} />
      )}
    </Stack>
  );
}
