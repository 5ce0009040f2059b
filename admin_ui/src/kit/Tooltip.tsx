import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Tooltip as AriaTooltip, TooltipTrigger } from "react-aria-components/Tooltip";
import styles from "./Tooltip.module.css";

/** Milliseconds; at once where it was reached by keyboard. */
const DELAY = 300;

interface TooltipProps {
  /** A sentence, as text: nothing in it can be reached. */
  text: string;
  /** A term that wants explaining; it is made a control, so that keyboards and fingers reach the text, too. */
  children: ReactNode;
}

/** What a word means, shown while it is pointed at, has the focus, or was touched. What everybody must know is no tooltip. */
export function Tooltip({ text, children }: TooltipProps) {
  return (
    <TooltipTrigger delay={DELAY} closeDelay={0} shouldCloseOnPress={false}>
      <AriaButton className={styles.term ?? ""}>{children}</AriaButton>
      <AriaTooltip offset={6} className={styles.tooltip ?? ""}>
        {text}
      </AriaTooltip>
    </TooltipTrigger>
  );
}
