import type { ReactNode } from "react";
import styles from "./Card.module.css";
import { classes } from "./classes";

/** A part of a page. `flush`: what it holds reaches its edge, a table for one. */
export function Card({ flush = false, children }: { flush?: boolean; children: ReactNode }) {
  return <div className={classes(styles.card, flush && styles.flush)}>{children}</div>;
}
