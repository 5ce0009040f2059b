/** Automatic repair has stopped: what stopped it, what going on would do, and an approval of all of it or of some. */
import { useState } from "react";
import { Banner, Button, Inline, Stack, Text } from "../kit";
import { T } from "../texts";
import { ApproveDialog } from "./ApproveDialog";
import type { DriftFigures } from "./queries";

export function Breaker({ breaker }: { breaker: NonNullable<DriftFigures["breaker"]> }) {
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Banner tone="critical" title={T.drift.breaker}>
        <Stack gap="200">
          <Text>{breaker.reason}</Text>
          <Text>{T.drift.breakerText(breaker.missed, breaker.cells)}</Text>
          <Inline>
            <Button onPress={() => setAsked(true)}>{T.drift.approve}</Button>
          </Inline>
        </Stack>
      </Banner>
      {asked && <ApproveDialog onClose={() => setAsked(false)} />}
    </>
  );
}
