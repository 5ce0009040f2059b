/** The admin's bar of unsaved changes, over its own top bar. */
import { useEffect, useId } from "react";
import { bridge } from "./admin";
import { SaveBarElement } from "./elements";

interface AdminSaveBarProps {
  isSaving: boolean;
  save: string;
  discard: string;
  onSave: () => void;
  onDiscard: () => void;
}

/** Shown as long as it is there. */
export function AdminSaveBar({ isSaving, save, discard, onSave, onDiscard }: AdminSaveBarProps) {
  const id = useId();
  useEffect(() => {
    const bar = bridge()?.saveBar;
    void bar?.show(id);
    return () => void bar?.hide(id);
  }, [id]);
  // App Bridge reads these attributes of the buttons and shows none of them.
  const primary = { variant: "primary" as const, ...(isSaving && { loading: "" }) };
  return (
    <SaveBarElement id={id}>
      <button {...primary} type="button" onClick={onSave}>
        {save}
      </button>
      <button type="button" disabled={isSaving} onClick={onDiscard}>
        {discard}
      </button>
    </SaveBarElement>
  );
}
