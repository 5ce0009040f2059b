/** What is selected, and what can be done with it. */
import { Button, Menu, Text } from "../kit";
import { T } from "../texts";
import styles from "./BulkBar.module.css";

interface BulkBarProps {
  picked: number;
  total: number;
  all: boolean;
  offerAll: boolean;
  onAll: () => void;
  onClear: () => void;
  onReconcile: () => void;
}

export function BulkBar({ picked, total, all, offerAll, onAll, onClear, onReconcile }: BulkBarProps) {
  return (
    <div className={styles.bar} role="region" aria-label={T.list.selected(picked)}>
      <span role="status">
        <Text as="span" strong>
          {all ? T.list.allSelected(total) : T.list.selected(picked)}
        </Text>
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
