/**
 * A table of any length: only the rows in sight exist, each as high as its texts; on a narrow screen a row is a card.
 *
 * Rows that are not in sight are not known, so a collection that has them all (React Aria's) cannot carry it. Roles tell
 * a screen reader the whole size; the region scrolls by keyboard.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import { T } from "../texts";
import { classes } from "./classes";
import type { Column } from "./columns";
import styles from "./LongTable.module.css";
import { useNarrow } from "./narrow";
import { type RowSource, useRowWindow } from "./rowWindow";
import { Skeleton } from "./Skeleton";

/** Pixels: what a row is taken for until it has been seen. */
const ONE_LINE = 41;
const CARD = 120;

export type Mark = "caution" | "muted";

interface LongTableProps<Row> {
  label: string;
  /** The first one names the row. */
  columns: readonly Column<Row>[];
  source: RowSource<Row>;
  empty: ReactNode;
  /** In the place of the table, where its rows cannot be read. */
  trouble: (error: Error, again: () => void) => ReactNode;
  /** The order, a column's `sort` with "-" before it where it is the other way round; and the wish for another one. */
  order?: string;
  onOrder?: (order: string) => void;
  /** What sets a row apart. */
  mark?: (row: Row) => Mark | undefined;
  /** Beside the row itself, all that its cells show: where it is the same as before, the row is not drawn anew. */
  stateOf?: (row: Row) => string;
  /** So many rows there will be, as far as is known before they are read: the table has its height from the start. */
  expected?: number | undefined;
}

export function LongTable<Row>(props: LongTableProps<Row>) {
  const { label, columns, source, empty, trouble, mark, stateOf, order, onOrder, expected = 0 } = props;
  const narrow = useNarrow();
  const region = useRef<HTMLDivElement>(null);
  const known = useRef(expected);
  const estimate = narrow ? CARD : ONE_LINE;
  const virtual = useVirtualizer({
    count: known.current,
    getScrollElement: () => region.current,
    estimateSize: () => estimate,
    overscan: 5,
  });
  const seen = virtual.getVirtualItems();
  const rows = useRowWindow(source, seen[0]?.index ?? 0, seen.at(-1)?.index ?? 0);
  const total = rows.total ?? known.current;
  const key = JSON.stringify(source.key);
  // In braces: scrolling answers a promise in newer browsers, which is no clean-up.
  useEffect(() => {
    region.current?.scrollTo({ top: 0 });
  }, [key]);
  if (known.current !== total) {
    known.current = total;
    virtual.setOptions({ ...virtual.options, count: total });
  }
  useEffect(() => {
    virtual.measure();
  }, [virtual, narrow, total]);

  if (rows.trouble !== null) return trouble(rows.trouble, rows.again);
  if (rows.total === 0) return empty;
  const tracks = columns.map((column) => column.width ?? "auto").join(" ");
  return (
    <div
      role="table"
      ref={region}
      // A scrolled region must be reachable by keyboard.
      tabIndex={0}
      aria-label={label}
      aria-rowcount={total + 1}
      aria-busy={rows.total === undefined}
      className={styles.table}
      // The browser sets this by its object model, which the content security policy allows.
      style={{ "--tracks": tracks } as React.CSSProperties}
    >
      {/* Within what scrolls: so its columns stand over those of the rows whatever a scroll bar takes. */}
      <div role="rowgroup" className={styles.head}>
        <div role="row" aria-rowindex={1} className={styles.row}>
          {columns.map((column) => (
            <div
              role="columnheader"
              key={column.name}
              aria-sort={column.sort === undefined ? undefined : sorted(column.sort, order)}
              className={column.number === true ? styles.number : undefined}
            >
              {column.sort === undefined || onOrder === undefined ? (
                column.title
              ) : (
                <Sorter title={column.title} sort={column.sort} order={order} onOrder={onOrder} />
              )}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className={styles.space} style={{ height: virtual.getTotalSize() }}>
        {seen.map((item) => {
          const row = rows.row(item.index);
          return (
            <LongRow
              // A row that comes into sight takes over the elements of one that has left it; the others stay as painted.
              key={item.index % seen.length}
              index={item.index}
              top={item.start}
              row={row}
              columns={columns as readonly Column<unknown>[]}
              mark={row === undefined ? undefined : mark?.(row)}
              state={row === undefined ? undefined : stateOf?.(row)}
              narrow={narrow}
              measure={virtual.measureElement}
            />
          );
        })}
      </div>
      {total === 0 && (
        <div role="rowgroup">
          <div role="row">
            <div role="cell">
              <Skeleton label={T.loading} lines={6} />
            </div>
          </div>
        </div>
      )}
    </div>
  );
}

const sorted = (sort: string, order: string | undefined) =>
  order === sort ? "ascending" : order === `-${sort}` ? "descending" : "none";

interface SorterProps {
  title: string;
  sort: string;
  order: string | undefined;
  onOrder: (order: string) => void;
}

/** The head of a column that sorts: pressed once it sorts one way, pressed again the other. */
function Sorter({ title, sort, order, onOrder }: SorterProps) {
  return (
    <button type="button" className={styles.sorter} onClick={() => onOrder(order === sort ? `-${sort}` : sort)}>
      {title}
      <span aria-hidden="true">{order === sort ? " ↑" : order === `-${sort}` ? " ↓" : ""}</span>
    </button>
  );
}

interface LongRowProps {
  index: number;
  /** Pixels. */
  top: number;
  row: unknown;
  columns: readonly Column<unknown>[];
  mark: Mark | undefined;
  /** Not read here: a row is drawn anew where it changes. */
  state: string | undefined;
  narrow: boolean;
  measure: (element: HTMLElement | null) => void;
}

const LongRow = memo(function LongRow({ index, top, row, columns, mark, narrow, measure }: LongRowProps) {
  const element = useRef<HTMLDivElement>(null);
  // The elements stay while their row changes: each new one is measured anew.
  useLayoutEffect(() => {
    measure(element.current);
  }, [measure, index, row, narrow]);
  return (
    <div
      ref={element}
      role="row"
      data-index={index}
      aria-rowindex={index + 2}
      className={classes(styles.row, styles.item, mark && styles[mark])}
      style={{ top }}
    >
      {columns.map((column, place) => (
        <div
          role={place === 0 ? "rowheader" : "cell"}
          key={column.name}
          className={column.number === true ? styles.number : undefined}
          data-column={column.name}
        >
          {narrow && place > 0 && (
            <span aria-hidden="true" className={styles.title}>
              {column.title}
            </span>
          )}
          {row === undefined ? <span className={styles.coming}>{T.dash}</span> : <div>{column.cell(row)}</div>}
        </div>
      ))}
    </div>
  );
});
