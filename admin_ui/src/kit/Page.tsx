import type { ReactNode } from "react";
import { Button } from "./Button";
import { Before } from "./icons";
import styles from "./Page.module.css";

interface PageProps {
  title: string;
  subtitle?: string;
  back?: { label: string; onPress: () => void };
  children: ReactNode;
}

/** One screen: its title, and its parts below each other. */
export function Page({ title, subtitle, back, children }: PageProps) {
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div className={styles.title}>
          {back !== undefined && (
            <Button variant="icon" aria-label={back.label} onPress={back.onPress}>
              <Before />
            </Button>
          )}
          <h1>{title}</h1>
        </div>
        {subtitle !== undefined && <p className={styles.subtitle}>{subtitle}</p>}
      </header>
      {children}
    </div>
  );
}

/** Beside the cards of a page, not in one. */
export function Outside({ children }: { children: ReactNode }) {
  return <div className={styles.outside}>{children}</div>;
}
