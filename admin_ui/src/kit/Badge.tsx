import type { ReactNode } from "react";
import styles from "./Badge.module.css";
import { classes } from "./classes";

export type BadgeTone = "info" | "success" | "attention" | "warning" | "critical";

/** A state in a word or two; its colour repeats what the word says. */
export function Badge({ tone, children }: { tone?: BadgeTone | undefined; children: ReactNode }) {
  return <span className={classes(styles.badge, tone && styles[tone])}>{children}</span>;
}
