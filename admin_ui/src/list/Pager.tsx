import { Button } from "../kit";
import { T } from "../texts";

interface PagerProps {
  offset: number;
  shown: number;
  size: number;
  total: number;
  onGo: (offset: number) => void;
}

export function Pager({ offset, shown, size, total, onGo }: PagerProps) {
  return (
    <div className="pager">
      <Button disabled={offset === 0} onClick={() => onGo(Math.max(0, offset - size))} accessibilityLabel={T.list.previous}>
        ‹
      </Button>
      <span role="status">{shown === 0 ? T.list.range(0, 0, total) : T.list.range(offset + 1, offset + shown, total)}</span>
      <Button disabled={offset + size >= total} onClick={() => onGo(offset + size)} accessibilityLabel={T.list.next}>
        ›
      </Button>
    </div>
  );
}
