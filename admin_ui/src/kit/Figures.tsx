import { classes } from "./classes";
import styles from "./Figures.module.css";

export interface Figure {
  label: string;
  value: string;
  /** It tells of something that needs somebody. */
  critical?: boolean;
}

/** A few numbers that say how things are. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <ul className={styles.figures}>
      {figures.map(({ label, value, critical }) => (
        <li key={label} className={classes(styles.figure, critical && styles.critical)}>
          <span>{label}</span> <b>{value}</b>
        </li>
      ))}
    </ul>
  );
}
