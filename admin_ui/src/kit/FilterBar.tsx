import { type ReactNode, useState } from "react";
import { Button } from "./Button";
import { classes } from "./classes";
import styles from "./FilterBar.module.css";

interface FilterBarProps {
  /** Before the filters, and always in sight. */
  search?: ReactNode;
  /** On a narrow screen the filters lie behind this button; without it they are always there. */
  toggle?: string;
  /** Over a table that has no card of its own: on its edges, the filters one beside the other. */
  inline?: boolean;
  children: ReactNode;
}

/** What narrows a table down, above it. */
export function FilterBar({ search, toggle, inline = false, children }: FilterBarProps) {
  const [open, setOpen] = useState(false);
  return (
    <div role="search" className={classes(styles.bar, inline && styles.inline, toggle !== undefined && !open && styles.closed)}>
      {search !== undefined && (
        <div className={styles.search}>
          {search}
          {toggle !== undefined && (
            <div className={styles.toggle}>
              <Button disclosure={open ? "up" : "down"} aria-expanded={open} onPress={() => setOpen(!open)}>
                {toggle}
              </Button>
            </div>
          )}
        </div>
      )}
      <div className={styles.filters}>{children}</div>
    </div>
  );
}
