/** What is selected, and what can be done with it. */
import { useState } from "react";
import { ActionList, Button, InlineStack, Popover, Text } from "../kit";
import { T } from "../texts";

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
  const [open, setOpen] = useState(false);
  return (
    <div className="bulk" role="region" aria-label={T.list.selected(picked)}>
      <InlineStack gap="300" blockAlign="center">
        <span role="status">
          <Text as="span" fontWeight="semibold">
            {all ? T.list.allSelected(total) : T.list.selected(picked)}
          </Text>
        </span>
        {offerAll && !all && (
          <Button variant="plain" onClick={onAll}>
            {T.list.selectAll(total)}
          </Button>
        )}
        <Button variant="plain" onClick={onClear}>
          {T.list.clearSelection}
        </Button>
        <Popover
          active={open}
          activator={
            <Button disclosure onClick={() => setOpen(!open)}>
              {T.list.moreActions}
            </Button>
          }
          autofocusTarget="first-node"
          onClose={() => setOpen(false)}
        >
          <ActionList
            actionRole="menuitem"
            items={[
              {
                content: T.list.reconcile,
                onAction: () => {
                  setOpen(false);
                  onReconcile();
                },
              },
            ]}
          />
        </Popover>
      </InlineStack>
    </div>
  );
}
