import { useId } from "react";
import { classes } from "./classes";
import styles from "./Field.module.css";
import { Caret } from "./icons";

export interface Option<Value extends string = string> {
  value: Value;
  label: string;
  disabled?: boolean;
}

interface SelectProps<Value extends string> {
  label: string;
  options: readonly Option<Value>[];
  value: Value;
  onChange: (value: Value) => void;
  /** Beside its label instead of below it. */
  inline?: boolean;
}

/**
 * One of a few. The browser's own element: phones open their wheel, typing finds, and a list of ten filters costs no
 * script.
 */
export function Select<Value extends string>({ label, options, value, onChange, inline = false }: SelectProps<Value>) {
  const id = useId();
  return (
    <div className={classes(inline ? styles.inline : styles.field)}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      <div className={styles.chosen}>
        <select
          id={id}
          className={styles.choice}
          value={value}
          // What is chosen is one of the options.
          onChange={(event) => onChange(event.target.value as Value)}
        >
          {/* What is set is shown, also where it is no choice any more: the browser would show the first one in its place. */}
          {!options.some((option) => option.value === value) && <option value={value}>{value}</option>}
          {options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
        <Caret />
      </div>
    </div>
  );
}
