import { useEffect, useRef } from "react";
import styles from "./TickBox.module.css";

interface TickBoxProps {
  label: string;
  state: "all" | "some" | "none";
  onChange: (ticked: boolean, withShift: boolean) => void;
}

/**
 * A box in a row of a long table. The browser's own element: while one scrolls, a row takes over the elements of
 * another, which costs nothing here; and it tells of the Shift key.
 */
export function TickBox({ label, state, onChange }: TickBoxProps) {
  const box = useRef<HTMLInputElement>(null);
  const shift = useRef(false);
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = state === "some";
  }, [state]);
  return (
    <input
      ref={box}
      type="checkbox"
      className={styles.box}
      aria-label={label}
      checked={state === "all"}
      onPointerDown={(event) => {
        shift.current = event.shiftKey;
      }}
      onKeyDown={(event) => {
        shift.current = event.shiftKey;
      }}
      onClick={(event) => {
        if (event.detail > 0) shift.current = event.shiftKey;
      }}
      onChange={(event) => onChange(event.target.checked, shift.current)}
    />
  );
}
