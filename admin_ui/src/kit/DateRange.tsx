import { useId } from "react";
import { T } from "../texts";
import { Field } from "./Field";
import styles from "./DateRange.module.css";

export interface Days {
  /** The first and the last day, as `2031-12-24`; empty: open to that side. */
  from: string;
  to: string;
}

interface DateRangeProps {
  label: string;
  value: Days;
  onChange: (value: Days) => void;
}

/** From one day to another, both included; one is told where they stand the wrong way round. */
export function DateRange({ label, value, onChange }: DateRangeProps) {
  const id = useId();
  const { from, to } = value;
  const wrong = from !== "" && to !== "" && to < from ? T.house.daysReversed : undefined;
  return (
    <div role="group" aria-labelledby={id} className={styles.range}>
      <span id={id} className={styles.label}>
        {label}
      </span>
      <Field type="date" label={T.house.from} value={from} onChange={(day) => onChange({ from: day, to })} />
      <Field type="date" label={T.house.to} value={to} error={wrong} onChange={(day) => onChange({ from, to: day })} />
    </div>
  );
}
