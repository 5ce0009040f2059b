import { Button } from "../kit";

interface MorePagesProps {
  /** A list that is read page by page. */
  found: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
  title: string;
}

/** Below a list, where there is more of it. */
export function MorePages({ found, title }: MorePagesProps) {
  if (!found.hasNextPage) return null;
  return (
    <div className="pager">
      <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
        {title}
      </Button>
    </div>
  );
}
