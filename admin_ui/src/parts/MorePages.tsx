import { Button } from "../kit";
import styles from "./Pager.module.css";

interface MorePagesProps {
  /** A list that is read page by page. */
  found: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
  title: string;
}

/** Below a list, where there is more of it. */
export function MorePages({ found, title }: MorePagesProps) {
  if (!found.hasNextPage) return null;
  return (
    <div className={styles.pager}>
      <Button isPending={found.isFetchingNextPage} onPress={() => void found.fetchNextPage()}>
        {title}
      </Button>
    </div>
  );
}
