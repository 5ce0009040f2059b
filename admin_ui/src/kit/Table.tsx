import type { ReactNode } from "react";
import { classes } from "./classes";
import type { Column } from "./columns";
import styles from "./Table.module.css";

interface TableProps<Row> {
  label: string;
  /** The first one names the row. */
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
}

/**
 * A table to read: on a narrow screen each row is a card. The browser's own elements, since nothing in it is chosen; the
 * roles are written out because a table that is laid out in another way loses them.
 */
export function Table<Row>({ label, columns, rows, rowKey }: TableProps<Row>) {
  return (
    <table role="table" aria-label={label} className={styles.table}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column.name} role="columnheader" scope="col" className={column.number === true ? styles.number : undefined}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={rowKey(row)} role="row">
            {columns.map((column, place) =>
              place === 0 ? (
                <th key={column.name} role="rowheader" scope="row">
                  {column.cell(row)}
                </th>
              ) : (
                <td key={column.name} role="cell" data-title={column.title} className={column.number === true ? styles.number : undefined}>
                  {column.cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface NamedProps {
  name: ReactNode;
  detail?: ReactNode;
  strong?: boolean;
}

/** What a row or a cell says first, and what it says about it below. */
export function Named({ name, detail, strong = false }: NamedProps) {
  return (
    <>
      <span className={classes(styles.name, strong && styles.strong)}>{name}</span>
      {detail !== undefined && <span className={styles.detail}>{detail}</span>}
    </>
  );
}
