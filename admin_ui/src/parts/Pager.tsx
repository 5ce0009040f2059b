import { memo } from "react";
import { Button, icons } from "../kit";
import { T } from "../texts";
import styles from "./Pager.module.css";

interface PagerProps {
  offset: number;
  shown: number;
  size: number;
  total: number;
  onGo: (offset: number) => void;
}

/** Below a list of which one page is shown: which one, and the way to those beside it. */
export const Pager = memo(function Pager({ offset, shown, size, total, onGo }: PagerProps) {
  return (
    <div className={styles.pager}>
      <Button isDisabled={offset === 0} onPress={() => onGo(Math.max(0, offset - size))} aria-label={T.list.previous}>
        <icons.Before />
      </Button>
      <span role="status">{shown === 0 ? T.list.range(0, 0, total) : T.list.range(offset + 1, offset + shown, total)}</span>
      <Button isDisabled={offset + size >= total} onPress={() => onGo(offset + size)} aria-label={T.list.next}>
        <icons.After />
      </Button>
    </div>
  );
});
