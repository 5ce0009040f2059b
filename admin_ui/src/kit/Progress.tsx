import { ProgressBar } from "react-aria-components/ProgressBar";
import styles from "./Progress.module.css";

interface ProgressProps {
  /** From 0 to 100. */
  value: number;
  /** The id of the text that says what goes on. */
  labelledBy: string;
}

/** How far something is. */
export function Progress({ value, labelledBy }: ProgressProps) {
  return (
    <ProgressBar value={value} aria-labelledby={labelledBy} className={styles.track ?? ""}>
      <div className={styles.done} style={{ width: `${value}%` }} />
    </ProgressBar>
  );
}
