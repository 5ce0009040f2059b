/** A run that waits for a person: why, what it would do, and the person's word. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { count } from "../formats";
import { Banner, Button, Figures, Inline, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { decide, type Run, runQuery } from "./queries";
import { whyItWaits } from "./words";

// The table of a preview comes with it.
const ApproveSomeDialog = lazy(async () => ({ default: (await import("./ApproveSomeDialog")).ApproveSomeDialog }));

/** What a run would do, in figures and in a sentence. */
export function Plan({ run }: { run: Run }) {
  const { plan, direction } = run;
  const [isChoosing, setChoosing] = useState(false);
  if (plan === null || direction === null) return null;
  return (
    <Stack gap="200">
      <Figures
        figures={[
          { label: T.schedules.plan.places, value: count(plan.places) },
          { label: T.schedules.plan.compared, value: count(plan.compared) },
          { label: T.schedules.plan.largest, value: count(plan.largest_move) },
          { label: T.schedules.plan.left, value: count(plan.left) },
        ]}
      />
      <Text>{plan.places === 0 ? T.schedules.plan.nothing : T.schedules.plan.does(plan.places, direction)}</Text>
      {plan.left > 0 && <Text tone="subdued">{T.schedules.plan.leaves(plan.left)}</Text>}
      <div>
        <Button aria-label={T.schedules.lookAtEachOf(run.schedule_name)} onPress={() => setChoosing(true)}>
          {T.schedules.lookAtEach}
        </Button>
      </div>
      {isChoosing && (
        <Suspense fallback={null}>
          <ApproveSomeDialog run={run} onClose={() => setChoosing(false)} />
        </Suspense>
      )}
    </Stack>
  );
}

/** The two words that a person can say. */
export function Decision({ run }: { run: Run }) {
  const client = useQueryClient();
  const say = useMutation({
    mutationFn: (word: "approve" | "decline") => decide(run, word),
    onSuccess: (decided) => client.setQueryData(runQuery(run.schedule_id, run.run_id).queryKey, decided),
    // Also where somebody else was faster: the list tells what has become of it.
    onSettled: () => client.invalidateQueries({ queryKey: ["schedules"] }),
  });
  return (
    <Stack gap="200">
      {say.error !== null && <TroubleNote trouble={say.error} />}
      <Inline>
        {run.plan !== null && run.plan.places > 0 && (
          <Button
            variant="primary"
            aria-label={T.schedules.runItOf(run.plan.places, run.schedule_name)}
            isPending={say.isPending && say.variables === "approve"}
            onPress={() => say.mutate("approve")}
          >
            {T.schedules.runIt(run.plan.places)}
          </Button>
        )}
        <Button
          aria-label={T.schedules.leaveItOf(run.schedule_name)}
          isPending={say.isPending && say.variables === "decline"}
          onPress={() => say.mutate("decline")}
        >
          {T.schedules.leaveIt}
        </Button>
      </Inline>
    </Stack>
  );
}

export function WaitingRun({ run }: { run: Run }) {
  return (
    <Banner tone={run.waits_for === "asked" ? "info" : "warning"} title={T.schedules.waitsTitle(run.schedule_name)}>
      <Stack gap="300">
        <Text>
          {whyItWaits(run)} {T.schedules.nothingChanged}
        </Text>
        <Plan run={run} />
        <Decision run={run} />
      </Stack>
    </Banner>
  );
}
