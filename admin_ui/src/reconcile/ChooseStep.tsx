/** Step one: which side is right. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ulid } from "ulid";
import type { Changes } from "../address";
import { api, body } from "../api/client";
import type { Direction } from "../api/queries";
import { Banner, Button, ChoiceCard, Dialog, FieldGrid, Heading, Stack, Text } from "../kit";
import { TroubleNote } from "../parts/TroubleNote";
import { DIRECTIONS, T } from "../texts";
import { chosen, keepUndecided } from "./kept";

interface ChooseStepProps {
  /** A preview that is there already: both directions start from it. */
  previewId: string | null;
  onClose: () => void;
  onGo: (changes: Changes, options?: { replace?: boolean }) => void;
}

export function ChooseStep({ previewId, onClose, onGo }: ChooseStepProps) {
  const kept = chosen();
  // Made once: asking again after a lost answer makes no second preview.
  const [newId] = useState(() => ulid());
  const ask = useMutation({
    mutationFn: async (direction: Direction) => {
      if (previewId === null && kept !== null) {
        await body(api.POST("/api/previews", { body: { preview_id: newId, selection: kept.selection } }));
      }
      return { previewId: previewId ?? newId, direction };
    },
    onSuccess: (made) => {
      keepUndecided({ ...made, at: new Date().toISOString() });
      onGo({ reconcile: "preview", preview: made.previewId, direction: made.direction, job: null });
    },
  });
  const known = previewId !== null || kept !== null;
  return (
    <Dialog title={T.preview.title} onClose={onClose} step="choose" footer={<Button onPress={onClose}>{T.close}</Button>}>
      <Stack gap="400">
        <Heading level={3}>{T.choose.heading}</Heading>
        {previewId === null && kept !== null && <Text>{T.choose.selection(kept.words)}</Text>}
        {known ? (
          <FieldGrid>
            {(["toShopify", "toLocal"] as const).map((direction) => (
              <ChoiceCard
                key={direction}
                badge={DIRECTIONS[direction].short}
                title={DIRECTIONS[direction].title}
                text={DIRECTIONS[direction].help}
                isDisabled={ask.isPending}
                onPress={() => ask.mutate(direction)}
              />
            ))}
          </FieldGrid>
        ) : (
          <Banner tone="warning">{T.choose.gone}</Banner>
        )}
        <Text>{T.choose.notThis}</Text>
        <Text tone="subdued">{T.choose.then}</Text>
        {ask.error !== null && <TroubleNote trouble={ask.error} again={() => ask.mutate(ask.variables)} />}
      </Stack>
    </Dialog>
  );
}
