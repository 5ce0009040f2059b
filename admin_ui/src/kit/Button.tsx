import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import styles from "./Button.module.css";
import { classes } from "./classes";
import { Caret } from "./icons";
import { Spinner } from "./Spinner";

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "style" | "children"> {
  children: ReactNode;
  /** `primary` once on a screen; `plain` looks like a link; `icon` holds nothing but an icon, and needs an `aria-label`. */
  variant?: "secondary" | "primary" | "plain" | "icon";
  tone?: "critical" | undefined;
  /** As wide as what it lies in. */
  wide?: boolean;
  /** An arrow that tells where it opens something. */
  disclosure?: "up" | "down";
}

/**
 * Something to press. While it is pending it keeps the focus, and is not pressed again.
 *
 * React Aria's own pending state reads the button out by its id, which is often gone by then together with the button.
 */
export function Button({
  children,
  variant = "secondary",
  tone,
  wide,
  disclosure,
  isPending = false,
  onPress,
  type,
  ...rest
}: ButtonProps) {
  const waits = isPending ? ({ "aria-disabled": true } as const) : { onPress };
  return (
    <AriaButton
      {...rest}
      {...waits}
      // Enter in a field would send the form again.
      type={isPending ? "button" : type}
      className={classes(styles.button, styles[variant], tone && styles[tone], wide && styles.wide, isPending && styles.waits)}
    >
      <span className={styles.content}>
        {children}
        {disclosure !== undefined && <Caret up={disclosure === "up"} />}
      </span>
      {isPending && (
        <span className={styles.pending}>
          <Spinner small />
        </span>
      )}
    </AriaButton>
  );
}
