/** Automatic repair has stopped: what for, and the approval that lets it go on. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import { Banner, BlockStack, Button, InlineStack, Text } from "../kit";
import { Dialog } from "../parts/Dialog";
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
        <BlockStack gap="200">
          <Text as="p">{breaker.reason}</Text>
          <Text as="p">{T.drift.breakerText(breaker.missed, breaker.cells)}</Text>
          <InlineStack>
            <Button onClick={() => setAsked(true)}>{T.drift.approve}</Button>
          </InlineStack>
        </BlockStack>
      </Banner>
      {asked && (
        <Dialog
          title={T.drift.approve}
          onClose={() => setAsked(false)}
          footer={
            <>
              <Button onClick={() => setAsked(false)}>{T.drift.notYet}</Button>
              <Button variant="primary" loading={approve.isPending} onClick={() => approve.mutate()}>
                {T.drift.approveYes}
              </Button>
            </>
          }
        >
          <BlockStack gap="300">
            <Text as="p">{T.drift.approveAsk(breaker.missed)}</Text>
            <Text as="p">{T.drift.approveKeeps}</Text>
            {approve.error !== null && <TroubleNote trouble={approve.error} again={() => approve.mutate()} />}
          </BlockStack>
        </Dialog>
      )}
    </>
  );
}
