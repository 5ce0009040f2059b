import type { ReactNode } from "react";
import { AdminTitleBar, EMBEDDED, type TitleAction } from "../shell";
import { Button } from "./Button";
import { classes } from "./classes";
import { Before } from "./icons";
import styles from "./Page.module.css";

interface PageProps {
  title: string;
  subtitle?: string;
  back?: { label: string; onPress: () => void };
  /** What one comes to this screen for. */
  primary?: TitleAction | undefined;
  secondary?: readonly TitleAction[];
  /** As narrow as a form is read best; without it as wide as the window, as tables want it. */
  narrow?: boolean;
  children: ReactNode;
}

const NONE: readonly TitleAction[] = [];

/**
 * One screen: its title with what can be done here, and its parts below each other. Inside Shopify's admin the title and
 * the actions stand in the admin's own bar; a screen reader hears the title in the page, too.
 */
export function Page({ title, subtitle, back, primary, secondary = NONE, narrow = false, children }: PageProps) {
  return (
    <div className={classes(styles.page, narrow && styles.narrow)}>
      {EMBEDDED && <AdminTitleBar title={title} back={back} primary={primary} secondary={secondary} />}
      <header className={styles.head}>
        <div className={classes(styles.title, EMBEDDED && styles.unseen)}>
          {back !== undefined && !EMBEDDED && (
            <Button variant="icon" aria-label={back.label} onPress={back.onPress}>
              <Before />
            </Button>
          )}
          <h1>{title}</h1>
        </div>
        {!EMBEDDED && (primary !== undefined || secondary.length > 0) && (
          <div className={styles.actions}>
            {secondary.map((action) => (
              <Action key={action.label} {...action} />
            ))}
            {primary !== undefined && <Action {...primary} primary />}
          </div>
        )}
        {subtitle !== undefined && <p className={styles.subtitle}>{subtitle}</p>}
      </header>
      {children}
    </div>
  );
}

function Action({ label, onPress, isDisabled = false, primary = false }: TitleAction & { primary?: boolean }) {
  return (
    <Button variant={primary ? "primary" : "secondary"} isDisabled={isDisabled} onPress={onPress}>
      {label}
    </Button>
  );
}

/** Beside the cards of a page, not in one. */
export function Outside({ children }: { children: ReactNode }) {
  return <div className={styles.outside}>{children}</div>;
}
