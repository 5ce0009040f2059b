/** A secret that is shown this once: to be copied and kept elsewhere. */
import type { ReactNode } from "react";
import { Button, Dialog, Field, Stack, toast } from "../kit";
import { T } from "../texts";

interface ShownOnceProps {
  title: string;
  secret: string;
  texts: { copy: string; copied: string; copyFailed: string };
  onClose: () => void;
  /** What it is for, above it. */
  children: ReactNode;
}

export function ShownOnce({ title, secret, texts, onClose, children }: ShownOnceProps) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret);
      toast({ text: texts.copied, tone: "success" });
    } catch {
      // A browser may keep the clipboard from pages inside a frame.
      toast({ text: texts.copyFailed, tone: "critical" });
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onPress={() => void copy()}>{texts.copy}</Button>
          <Button variant="primary" onPress={onClose}>
            {T.close}
          </Button>
        </>
      }
    >
      <Stack gap="300">
        {children}
        <Field label={title} value={secret} onChange={() => undefined} />
      </Stack>
    </Dialog>
  );
}
