/** What is selected, and what can be done with it. */
import { Button, Menu, Text } from "../kit";
import { T } from "../texts";
import styles from "./BulkBar.module.css";

interface BulkBarProps {
  picked: number;
  total: number;
  all: boolean;
  /** Of all so many are left out. */
  but: number;
  /** So many of those picked are not in the list. */
  outside: number;
  /** The only place that counts. */
  place: string | null;
  offerAll: boolean;
  onAll: () => void;
  onClear: () => void;
  onReconcile: () => void;
}

export function BulkBar({ picked, total, all, but, outside, place, offerAll, onAll, onClear, onReconcile }: BulkBarProps) {
  const words = !all ? T.list.selected(picked) : but === 0 ? T.list.allSelected(total) : T.list.allButSelected(total, but, picked);
  return (
    <div className={styles.bar} role="region" aria-label={T.list.selected(picked)}>
      <span role="status">
        <Text as="span" strong>
          {words}
        </Text>
        {outside > 0 && <Text as="span"> {T.list.outside(outside)}</Text>}
        {place !== null && <Text as="span"> {T.list.onlyAt(place)}</Text>}
      </span>
      {offerAll && !all && (
        <Button variant="plain" onPress={onAll}>
          {T.list.selectAll(total)}
        </Button>
      )}
      <Button variant="plain" onPress={onClear}>
        {T.list.clearSelection}
      </Button>
      <Menu label={T.list.moreActions} items={[{ label: T.list.reconcile, onAction: onReconcile }]} />
    </div>
  );
}
