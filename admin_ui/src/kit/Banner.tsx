import type { ReactNode } from "react";
import { T } from "../texts";
import styles from "./Banner.module.css";
import { Button } from "./Button";
import { classes } from "./classes";
import { Cross, Info, Tick, Warning } from "./icons";

interface BannerProps {
  tone: "info" | "success" | "warning" | "critical";
  title?: string;
  action?: { label: string; onPress: () => void };
  onDismiss?: () => void;
  children?: ReactNode;
}

const SIGNS = { info: Info, success: Tick, warning: Warning, critical: Warning };

/** Something to know before one goes on, with what to do about it. */
export function Banner({ tone, title, action, onDismiss, children }: BannerProps) {
  const Sign = SIGNS[tone];
  return (
    <div className={classes(styles.banner, styles[tone])}>
      <Sign />
      <div className={styles.body}>
        {title !== undefined && <p className={styles.title}>{title}</p>}
        {children}
        {action !== undefined && (
          <div>
            <Button onPress={action.onPress}>{action.label}</Button>
          </div>
        )}
      </div>
      {onDismiss !== undefined && (
        <Button variant="icon" aria-label={T.dismiss} onPress={onDismiss}>
          <Cross />
        </Button>
      )}
    </div>
  );
}
