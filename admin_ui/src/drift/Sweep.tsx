/** Look for missed webhooks now, and tell when that has ended. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, body } from "../api/client";
import { Button, Inline, Stack } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import type { DriftFigures } from "./queries";

const AGAIN = 2_000;
/** After this the page stops asking every two seconds and says so. */
const LONG = 120_000;

export function Sweep({ figures }: { figures: DriftFigures }) {
  const client = useQueryClient();
  const [long, setLong] = useState(false);
  const sweep = useMutation({
    mutationFn: (full: boolean) => body(api.POST("/api/drift/sweeps", { body: { full } })),
    onMutate: () => setLong(false),
  });
  const asked = sweep.data;
  const last = asked?.full === true ? figures.last_full_sweep_at : figures.last_sweep_at;
  const ended = asked !== undefined && last !== null && Date.parse(last) >= Date.parse(asked.asked_at);
  const waiting = asked !== undefined && !ended && !long;
  useEffect(() => {
    if (!waiting) return undefined;
    const again = setInterval(() => void client.invalidateQueries({ queryKey: ["drift"] }), AGAIN);
    const enough = setTimeout(() => setLong(true), LONG);
    return () => {
      clearInterval(again);
      clearTimeout(enough);
    };
  }, [waiting, client]);
  const told = asked === undefined ? "" : ended ? T.drift.swept : long ? T.drift.sweepLate : T.drift.sweeping;
  return (
    <Stack gap="200">
      <Inline gap="300">
        <Button isPending={sweep.isPending} isDisabled={waiting} onPress={() => sweep.mutate(false)}>
          {T.drift.sweep}
        </Button>
        <Button isPending={sweep.isPending} isDisabled={waiting} onPress={() => sweep.mutate(true)}>
          {T.drift.sweepFull}
        </Button>
        <span role="status">{told}</span>
      </Inline>
      {sweep.error !== null && <TroubleNote trouble={sweep.error} />}
    </Stack>
  );
}
