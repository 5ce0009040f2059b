import { type ReactNode, useEffect, useRef } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { T } from "../texts";
import { Button } from "./Button";
import { classes } from "./classes";
import styles from "./Dialog.module.css";
import { Cross } from "./icons";
import { KeptFocus } from "./KeptFocus";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  footer?: ReactNode;
  wide?: boolean;
  /** Of one height from the start, since what it shows comes bit by bit: nothing in it is pushed about. */
  tall?: boolean;
  /** The focus goes to the title when this changes: what the dialog shows is another thing then. */
  step?: string;
}

/** A modal dialog: it holds the focus, gives it back, and closes by Escape, not by a click beside it. */
export function Dialog({ title, onClose, children, footer, wide = false, tall = false, step = "" }: DialogProps) {
  const dialog = useRef<HTMLElement>(null);
  useEffect(
    () => () => {
      // What opened it may be gone, a menu's item for one. After React Aria has tried to give the focus back.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          if (document.activeElement === document.body) document.getElementById("content")?.focus();
        }),
      );
    },
    [],
  );
  return (
    <ModalOverlay isOpen onOpenChange={onClose} className={styles.backdrop ?? ""}>
      <Modal className={classes(styles.modal, wide && styles.wide, tall && styles.tall)}>
        <AriaDialog ref={dialog} className={styles.dialog ?? ""}>
          <KeptFocus dialog={dialog} />
          <div className={styles.head}>
            <Title step={step}>{title}</Title>
            <Button variant="icon" aria-label={T.close} onPress={onClose}>
              <Cross />
            </Button>
          </div>
          <div className={styles.body}>{children}</div>
          {footer !== undefined && <div className={styles.foot}>{footer}</div>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

function Title({ step, children }: { step: string; children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
  }, [step]);
  return (
    <Heading slot="title" level={2} ref={heading} tabIndex={-1} className={styles.title ?? ""}>
      {children}
    </Heading>
  );
}
