import { type ReactNode, useMemo, useRef } from "react";
import { Dialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Popover as AriaPopover } from "react-aria-components/Popover";
import { T } from "../texts";
import { Button } from "./Button";
import { Cross } from "./icons";
import { KeptFocus } from "./KeptFocus";
import styles from "./Popover.module.css";

interface PopoverProps {
  /** What it lies beside. */
  anchor: HTMLElement;
  label: string;
  title: string;
  subtitle: string;
  onClose: () => void;
  children: ReactNode;
}

/**
 * A small dialog beside the control that opened it; at the bottom of a narrow screen. Escape and a press elsewhere close
 * it, and the control has the focus again.
 */
export function Popover({ anchor, label, title, subtitle, onClose, children }: PopoverProps) {
  const trigger = useMemo(() => ({ current: anchor }), [anchor]);
  const dialog = useRef<HTMLElement>(null);
  return (
    <AriaPopover
      isOpen
      isNonModal
      triggerRef={trigger}
      onOpenChange={onClose}
      placement="bottom start"
      offset={6}
      className={styles.popover ?? ""}
    >
      <Dialog ref={dialog} aria-label={label} className={styles.dialog ?? ""}>
        <KeptFocus dialog={dialog} />
        <div className={styles.head}>
          <div>
            <Heading level={2} className={styles.title ?? ""}>
              {title}
            </Heading>
            <p className={styles.subtitle}>{subtitle}</p>
          </div>
          <Button variant="icon" aria-label={T.close} onPress={onClose}>
            <Cross />
          </Button>
        </div>
        {children}
      </Dialog>
    </AriaPopover>
  );
}
