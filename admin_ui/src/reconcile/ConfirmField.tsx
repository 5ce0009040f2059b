/** The number of places, typed, where many change or one changes far. */
import { count, typedNumber } from "../formats";
import { Field } from "../kit";
import { T } from "../texts";
import styles from "./Decision.module.css";

interface ConfirmFieldProps {
  cells: number;
  /** Units: the largest move, and that which needs no word more. */
  largest: number;
  limit: number;
  typed: string;
  onType: (typed: string) => void;
}

export const isConfirmed = (typed: string, cells: number): boolean => typedNumber(typed) === cells;

export function ConfirmField({ cells, largest, limit, typed, onType }: ConfirmFieldProps) {
  return (
    <div className={styles.confirm}>
      <Field
        label={T.preview.confirm(count(cells))}
        help={largest > limit ? T.preview.largeMove(largest, limit) : undefined}
        inputMode="numeric"
        value={typed}
        error={typed !== "" && !isConfirmed(typed, cells) ? T.preview.confirmWrong(count(cells)) : undefined}
        onChange={onType}
      />
    </div>
  );
}
