/**
 * A table of any length: only the rows in sight exist. Each row has the same height; on a narrow screen a row is a card.
 *
 * Roles tell a screen reader the whole size; the region scrolls by keyboard.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useEffect, useRef } from "react";
import { T } from "../texts";
import { useNarrow } from "./narrow";
import { TroubleNote } from "./TroubleNote";
import { type RowSource, useRowWindow } from "./rowWindow";

export interface Column<Row> {
  name: string;
  title: string;
  /** A CSS grid track. */
  width: string;
  number?: boolean;
  cell: (row: Row) => ReactNode;
}

interface VirtualTableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  source: RowSource<Row>;
  empty: ReactNode;
  height?: number;
  narrowHeight?: number;
  /** A class name of a row. */
  mark?: (row: Row) => string;
}

export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { label, columns, source, empty, height = 44, narrowHeight = 132, mark } = props;
  const narrow = useNarrow();
  const region = useRef<HTMLDivElement>(null);
  const known = useRef(0);
  const rowHeight = narrow ? narrowHeight : height;
  const virtual = useVirtualizer({
    count: known.current,
    getScrollElement: () => region.current,
    estimateSize: () => rowHeight,
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
  }, [virtual, rowHeight, total]);

  if (rows.trouble !== null) return <TroubleNote trouble={rows.trouble} again={rows.again} />;
  if (rows.total === 0) return <div className="table-empty">{empty}</div>;
  const tracks = columns.map((column) => column.width).join(" ");
  return (
    <div
      role="table"
      ref={region}
      // A scrolled region must be reachable by keyboard.
      tabIndex={0}
      aria-label={label}
      aria-rowcount={total + 1}
      aria-busy={rows.total === undefined}
      className={narrow ? "grid grid-narrow" : "grid"}
      // The browser sets this by its object model, which the content security policy allows.
      style={{ "--tracks": tracks, "--row": `${rowHeight}px` } as React.CSSProperties}
    >
      {/* Within what scrolls: so its columns stand over those of the rows whatever a scroll bar takes. */}
      <div role="rowgroup" className="grid-head">
        <div role="row" aria-rowindex={1} className="grid-row">
          {columns.map((column) => (
            <div role="columnheader" key={column.name} className={column.number ? "number" : undefined}>
              {column.title}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="grid-space" style={{ height: virtual.getTotalSize() }}>
        {seen.map((item) => (
          <TableRow
            // A row that comes into sight takes over the elements of one that has left it; the others stay as painted.
            key={item.index % seen.length}
            index={item.index}
            top={item.start}
            row={rows.row(item.index)}
            columns={columns as readonly Column<unknown>[]}
            mark={mark as ((row: unknown) => string) | undefined}
            narrow={narrow}
          />
        ))}
      </div>
    </div>
  );
}

interface TableRowProps {
  index: number;
  /** Pixels. */
  top: number;
  row: unknown;
  columns: readonly Column<unknown>[];
  mark: ((row: unknown) => string) | undefined;
  narrow: boolean;
}

const TableRow = memo(function TableRow({ index, top, row, columns, mark, narrow }: TableRowProps) {
  const name = row === undefined || mark === undefined ? "" : mark(row);
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={`grid-row grid-item ${name}`}
      style={{ top }}
    >
      {columns.map((column) => (
        <div role="cell" key={column.name} className={column.number ? "number" : undefined} data-column={column.name}>
          {narrow && (
            <span aria-hidden="true" className="grid-title">
              {column.title}
            </span>
          )}
          {row === undefined ? <span className="grid-coming">{T.dash}</span> : column.cell(row)}
        </div>
      ))}
    </div>
  );
});
