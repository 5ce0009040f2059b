/** Rows on demand: only the pages around what is seen are asked for and kept, however long the table is. */
import { useQueries } from "@tanstack/react-query";
import { useEffect, useState } from "react";

export const ROWS = 100;
/** Rows that are read before they come in sight. */
const AHEAD = 40;
/** Milliseconds that a page must stay in sight to be read: a dragged scroll bar passes hundreds in a second. */
const SETTLED = 80;

export interface RowPage<Row> {
  items: Row[];
  total: number;
}

export interface RowSource<Row> {
  key: readonly unknown[];
  read: (offset: number, limit: number, signal: AbortSignal) => Promise<RowPage<Row>>;
  /** Milliseconds after which what is seen is read again; false: it does not change. */
  refresh?: number | false;
}

export interface RowWindow<Row> {
  row: (index: number) => Row | undefined;
  /** None while not known. */
  total: number | undefined;
  trouble: Error | null;
  again: () => void;
}

/** The value, once it has stayed the same for a while. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** A page of rows; the first one may be asked for before the table is there. */
export const pageQuery = <Row>(source: RowSource<Row>, page: number) => ({
  queryKey: [...source.key, "rows", page],
  queryFn: ({ signal }: { signal: AbortSignal }) => source.read(page * ROWS, ROWS, signal),
});

/** The pages that hold the rows from `first` to `last`, and always the first one, which tells the total. */
export function useRowWindow<Row>(source: RowSource<Row>, first: number, last: number): RowWindow<Row> {
  const pages = new Set([0]);
  const end = Math.floor((last + AHEAD) / ROWS);
  for (let page = Math.max(0, Math.floor((first - AHEAD) / ROWS)); page <= end; page += 1) pages.add(page);
  const numbers = [...pages];
  const still = useSettled(numbers.join(" ")) === numbers.join(" ");
  const found = useQueries({
    queries: numbers.map((page) => ({
      ...pageQuery(source, page),
      enabled: page === 0 || still,
      gcTime: 20_000,
      staleTime: source.refresh === undefined || source.refresh === false ? 60_000 : 0,
      refetchInterval: source.refresh ?? (false as const),
    })),
  });
  const byPage = new Map(numbers.map((page, place) => [page, found[place]]));
  const failed = found.find((query) => query.error !== null && query.data === undefined);
  return {
    row: (index) => byPage.get(Math.floor(index / ROWS))?.data?.items[index % ROWS],
    total: found[0]?.data?.total,
    trouble: failed?.error ?? null,
    again: () => found.forEach((query) => query.error !== null && void query.refetch()),
  };
}
