import { useRef } from "react";
import { Button } from "./Button";
import styles from "./FilePicker.module.css";

interface FilePickerProps {
  label: string;
  /** Which kinds of files are offered, as the browser's own field takes them. */
  accept: string;
  isPending?: boolean;
  isDisabled?: boolean;
  onPick: (file: File) => void;
}

/** A file of this computer. The same one may be chosen again, once it was corrected. */
export function FilePicker({ label, accept, isPending = false, isDisabled = false, onPick }: FilePickerProps) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <span className={styles.picker}>
      <Button isPending={isPending} isDisabled={isDisabled} onPress={() => field.current?.click()}>
        {label}
      </Button>
      <input
        ref={field}
        type="file"
        accept={accept}
        aria-label={label}
        tabIndex={-1}
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file !== undefined) onPick(file);
          event.target.value = "";
        }}
      />
    </span>
  );
}
