import type { ReactNode } from "react";
import { Text } from "../kit";
import styles from "./EmptyNote.module.css";

/** Why there is nothing here, and what brings something. */
export function EmptyNote({ title, text = "", action }: { title: string; text?: string; action?: ReactNode }) {
  return (
    <div className={styles.note}>
      <p className={styles.title}>{title}</p>
      {text !== "" && <Text tone="subdued">{text}</Text>}
      {action}
    </div>
  );
}
