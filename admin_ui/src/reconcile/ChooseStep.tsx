/** Step one: which side is right. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ulid } from "ulid";
import type { Changes } from "../address";
import { api, body } from "../api/client";
import type { Direction } from "../api/queries";
import { Banner, BlockStack, Button, Text } from "../kit";
import { Dialog } from "../parts/Dialog";
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
      onGo({ reconcile: "preview", preview: made.previewId, direction: made.direction, without: null, job: null });
    },
  });
  const known = previewId !== null || kept !== null;
  return (
    <Dialog title={T.preview.title} onClose={onClose} step="choose" footer={<Button onClick={onClose}>{T.close}</Button>}>
      <BlockStack gap="400">
        <Text as="h3" variant="headingMd">
          {T.choose.heading}
        </Text>
        {previewId === null && kept !== null && <Text as="p">{T.choose.selection(kept.words)}</Text>}
        {known ? (
          <div className="directions">
            {(["toShopify", "toLocal"] as const).map((direction) => (
              <DirectionButton
                key={direction}
                direction={direction}
                busy={ask.isPending}
                onChoose={() => ask.mutate(direction)}
              />
            ))}
          </div>
        ) : (
          <Banner tone="warning">{T.choose.gone}</Banner>
        )}
        <Text as="p">{T.choose.notThis}</Text>
        <Text as="p" tone="subdued">
          {T.choose.then}
        </Text>
        {ask.error !== null && <TroubleNote trouble={ask.error} again={() => ask.mutate(ask.variables)} />}
      </BlockStack>
    </Dialog>
  );
}

function DirectionButton(props: { direction: Direction; busy: boolean; onChoose: () => void }) {
  const { title: name, help: text } = DIRECTIONS[props.direction];
  return (
    <button
      type="button"
      className="direction"
      disabled={props.busy}
      onClick={props.onChoose}
    >
      <span className="direction-flow">
        {DIRECTIONS[props.direction].short}
      </span>
      <span className="direction-title">
        {name}
      </span>
      <span>{text}</span>
    </button>
  );
}
