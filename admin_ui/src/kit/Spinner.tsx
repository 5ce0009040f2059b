import { ProgressBar } from "react-aria-components/ProgressBar";
import styles from "./Spinner.module.css";
import { classes } from "./classes";

interface SpinnerProps {
  /** What goes on. None where a text beside it says so, or the control it lies in. */
  label?: string;
  small?: boolean;
}

/** Something goes on, nobody knows how long. */
export function Spinner({ label, small = false }: SpinnerProps) {
  const name = classes(styles.spinner, small && styles.small);
  if (label === undefined) return <span className={name} aria-hidden="true" />;
  return <ProgressBar isIndeterminate aria-label={label} className={name} />;
}
