import styles from "./Skeleton.module.css";

interface SkeletonProps {
  /** What is on its way, for those who do not see the lines. */
  label: string;
  lines: number;
}

/** Lines in the place of a text that is on its way. */
export function Skeleton({ label, lines }: SkeletonProps) {
  return (
    <div role="status" aria-label={label} className={styles.skeleton}>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className={styles.line} />
      ))}
    </div>
  );
}
