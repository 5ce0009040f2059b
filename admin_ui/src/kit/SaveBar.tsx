import { type FocusEvent, useEffect, useRef } from "react";
import { AdminSaveBar, EMBEDDED, useUnsaved } from "../shell";
import { T } from "../texts";
import { Button } from "./Button";
import styles from "./SaveBar.module.css";

interface SaveBarProps {
  /** There are changes that are not saved: the bar is there, and nothing leaves the screen unasked. */
  isDirty: boolean;
  isSaving: boolean;
  onSave: () => void;
  onDiscard: () => void;
}

/** Save or discard what a form holds. Inside Shopify's admin it is the admin's own bar. */
export function SaveBar({ isDirty, ...rest }: SaveBarProps) {
  useUnsaved(isDirty);
  if (!isDirty) return null;
  return EMBEDDED ? <AdminSaveBar {...rest} save={T.house.save} discard={T.house.discard} /> : <OwnSaveBar {...rest} />;
}

function OwnSaveBar({ isSaving, onSave, onDiscard }: Omit<SaveBarProps, "isDirty">) {
  const before = useRef<HTMLElement | null>(null);
  const note = (event: FocusEvent) => {
    const from = event.relatedTarget;
    if (from instanceof HTMLElement && !event.currentTarget.contains(from)) before.current = from;
  };
  useEffect(
    () => () => {
      // The bar goes with what was pressed in it: the focus goes back into the form.
      requestAnimationFrame(() => {
        if (document.activeElement !== document.body) return;
        const to = before.current?.isConnected === true ? before.current : document.getElementById("content");
        to?.focus();
      });
    },
    [],
  );
  return (
    <div role="region" aria-label={T.house.unsaved} data-over className={styles.bar} onFocus={note}>
      <span role="status" className={styles.text}>
        {T.house.unsaved}
      </span>
      <Button isDisabled={isSaving} onPress={onDiscard}>
        {T.house.discard}
      </Button>
      <Button variant="primary" isPending={isSaving} onPress={onSave}>
        {T.house.save}
      </Button>
    </div>
  );
}
