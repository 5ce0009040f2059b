import type { ReactNode } from "react";
import styles from "./RowButton.module.css";

interface RowButtonProps {
  /** What it does to which row. */
  label: string;
  onPress: () => void;
  children: ReactNode;
}

/** A button within a row of a table, as a link looks: the browser's own, since a page of rows has dozens of them. */
export function RowButton({ label, onPress, children }: RowButtonProps) {
  return (
    <button type="button" className={styles.button} aria-label={label} onClick={onPress}>
      {children}
    </button>
  );
}
