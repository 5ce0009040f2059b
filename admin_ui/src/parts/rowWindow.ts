/** Rows on demand: only the pages around what is seen are asked for and kept, however long the table is. */
import { useQueries } from "@tanstack/react-query";

export const ROWS = 100;

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

/** The pages that hold the rows from `first` to `last`, and always the first one, which tells the total. */
export function useRowWindow<Row>(source: RowSource<Row>, first: number, last: number): RowWindow<Row> {
  const pages = new Set([0]);
  for (let page = Math.floor(first / ROWS); page <= Math.floor(last / ROWS); page += 1) pages.add(page);
  const numbers = [...pages];
  const found = useQueries({
    queries: numbers.map((page) => ({
      queryKey: [...source.key, "rows", page],
      queryFn: ({ signal }: { signal: AbortSignal }) => source.read(page * ROWS, ROWS, signal),
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
