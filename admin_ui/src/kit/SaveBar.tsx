import { type FocusEvent, useEffect, useId, useRef, useSyncExternalStore } from "react";
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

type Form = Omit<SaveBarProps, "isDirty">;

/** The forms of the screen with changes, in the order in which they were changed. */
let dirty: readonly { id: string; form: Form }[] = [];
const listeners = new Set<() => void>();

function tell(next: typeof dirty): void {
  dirty = next;
  for (const listener of listeners) listener();
}

const listen = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/**
 * Save or discard what a form holds; of several on one screen there is one bar for all. Inside Shopify's admin it is the
 * admin's own bar.
 */
export function SaveBar({ isDirty, isSaving, onSave, onDiscard }: SaveBarProps) {
  useUnsaved(isDirty);
  const id = useId();
  const form = useRef<Form>({ isSaving, onSave, onDiscard });
  form.current = { isSaving, onSave, onDiscard };
  useEffect(() => {
    if (!isDirty) return undefined;
    // What it does is looked up when it is pressed: a form is drawn anew with every letter.
    const acts = { isSaving, onSave: () => form.current.onSave(), onDiscard: () => form.current.onDiscard() };
    const known = dirty.some((one) => one.id === id);
    tell(known ? dirty.map((one) => (one.id === id ? { id, form: acts } : one)) : [...dirty, { id, form: acts }]);
    return undefined;
  }, [id, isDirty, isSaving]);
  useEffect(() => {
    if (!isDirty) return undefined;
    return () => tell(dirty.filter((one) => one.id !== id));
  }, [id, isDirty]);
  const forms = useSyncExternalStore(listen, () => dirty);
  if (!isDirty || forms[0]?.id !== id) return null;
  const rest = {
    isSaving: forms.some((one) => one.form.isSaving),
    onSave: () => forms.forEach((one) => one.form.onSave()),
    onDiscard: () => forms.forEach((one) => one.form.onDiscard()),
  };
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
