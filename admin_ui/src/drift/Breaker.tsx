/** Automatic repair has stopped: what for, and the approval that lets it go on. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import { Banner, Button, Dialog, Inline, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import type { DriftFigures } from "./queries";

export function Breaker({ breaker }: { breaker: NonNullable<DriftFigures["breaker"]> }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const approve = useMutation({
    mutationFn: () => body(api.POST("/api/drift/approve")),
    onSuccess: () => {
      setAsked(false);
      void client.invalidateQueries({ queryKey: ["drift"] });
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
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
      {asked && (
        <Dialog
          title={T.drift.approve}
          onClose={() => setAsked(false)}
          footer={
            <>
              <Button onPress={() => setAsked(false)}>{T.drift.notYet}</Button>
              <Button variant="primary" isPending={approve.isPending} onPress={() => approve.mutate()}>
                {T.drift.approveYes}
              </Button>
            </>
          }
        >
          <Stack gap="300">
            <Text>{T.drift.approveAsk(breaker.missed)}</Text>
            <Text>{T.drift.approveKeeps}</Text>
            {approve.error !== null && <TroubleNote trouble={approve.error} again={() => approve.mutate()} />}
          </Stack>
        </Dialog>
      )}
    </>
  );
}
