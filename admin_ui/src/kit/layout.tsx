/** How things stand to each other, and how they are written. */
import type { ReactNode } from "react";
import { classes } from "./classes";
import styles from "./layout.module.css";

interface FlowProps {
  /** The distance, as a step of Shopify's scale: 100 is 4 px. */
  gap?: "100" | "200" | "300" | "400";
  children: ReactNode;
}

const gapOf = (gap: NonNullable<FlowProps["gap"]>) => styles[`gap${gap}`];

/** Below each other. */
export function Stack({ gap = "300", children }: FlowProps) {
  return <div className={classes(styles.stack, gapOf(gap))}>{children}</div>;
}

/** Side by side, and on a new line where there is no room. */
export function Inline({ gap = "300", children }: FlowProps) {
  return <div className={classes(styles.inline, gapOf(gap))}>{children}</div>;
}

/** Fields side by side: as many as fit. */
export function FieldGrid({ children }: { children: ReactNode }) {
  return <div className={styles.fields}>{children}</div>;
}

interface TextProps {
  as?: "p" | "span";
  tone?: "subdued" | "caution" | undefined;
  strong?: boolean;
  small?: boolean;
  children: ReactNode;
}

export function Text({ as: Element = "p", tone, strong, small, children }: TextProps) {
  return (
    <Element className={classes(tone && styles[tone], strong && styles.strong, small && styles.small) || undefined}>{children}</Element>
  );
}

interface HeadingProps {
  level: 2 | 3 | 4;
  id?: string;
  children: ReactNode;
}

/** Levels 2 and 3 head a part, 4 a detail of one. */
export function Heading({ level, id, children }: HeadingProps) {
  const Element = `h${level}` as const;
  return (
    <Element id={id} className={level === 4 ? styles.headingSmall : styles.heading}>
      {children}
    </Element>
  );
}

/** What was found or what will be, set apart from the text around it. */
export function Panel({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section aria-label={label} className={styles.panel}>
      {children}
    </section>
  );
}
