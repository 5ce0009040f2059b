import { memo, type ReactNode, useEffect, useRef, useState } from "react";
import { T } from "../texts";
import type { Column as ColumnOf } from "./columns";
import { useGridKeys } from "./gridKeys";
import styles from "./IndexTable.module.css";
import { between, useRanges } from "./ranges";

interface IndexTableProps<Item> {
  label: string;
  /** The first one names the row. They stay the same object from one drawing to the next: rows are drawn anew with them. */
  columns: readonly ColumnOf<Item>[];
  items: readonly Item[];
  /** Of an item; chosen are those with these keys, or `all`. */
  keyOf: (item: Item) => string;
  chosen: ReadonlySet<string> | "all";
  onChoose: (chosen: ReadonlySet<string> | "all") => void;
  /** The name of the box that chooses every row. */
  chooseAll: string;
}

/**
 * Rows to choose from. The arrow keys go from row to row and into the cells, Space chooses, Shift and an arrow or a
 * press choose a range; on a narrow screen each row is a card.
 *
 * The browser's own elements with one listener for the whole table: a library's rows listen each, and each is drawn anew
 * when one is chosen, which made a click on a box cost longer than a frame. What a grid owes to keyboards and screen
 * readers is in gridKeys.ts and in the roles.
 */
export function IndexTable<Item>({ label, columns, items, keyOf, chosen, onChoose, chooseAll }: IndexTableProps<Item>) {
  const table = useRef<HTMLTableElement>(null);
  const [current, setCurrent] = useState<string | null>(null);
  const order = items.map(keyOf);
  const isChosen = (key: string) => chosen === "all" || chosen.has(key);
  const many = order.filter(isChosen).length;
  const whole = order.length > 0 && many === order.length;
  const here = current !== null && order.includes(current) ? current : (order[0] ?? null);
  const ranges = useRanges(order, isChosen, onChoose);
  const grid = useGridKeys(table, {
    toggle: ranges.toggle,
    extend: (from, to) => onChoose(new Set([...order.filter(isChosen), ...between(order, from, to)])),
    all: () => onChoose("all"),
    visit: setCurrent,
  });
  return (
    <table ref={table} role="grid" aria-label={label} aria-multiselectable tabIndex={-1} className={styles.table} {...grid}>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col" className={styles.box}>
            <label className={styles.target}>
              <AllBox chosen={whole} some={many > 0 && !whole} label={chooseAll} onChange={(all) => onChoose(all ? "all" : new Set())} />
              <span className={styles.all}>{chooseAll}</span>
            </label>
          </th>
          {columns.map((column) => (
            <th
              key={column.name}
              role="columnheader"
              scope="col"
              className={column.number === true ? styles.number : undefined}
              style={{ width: column.width }}
            >
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {items.map((item, place) => {
          const key = order[place] ?? "";
          return (
            <IndexRow
              key={key}
              itemKey={key}
              item={item}
              columns={columns as readonly ColumnOf<unknown>[]}
              isChosen={isChosen(key)}
              isHere={key === here}
            />
          );
        })}
      </tbody>
    </table>
  );
}

interface RowProps {
  itemKey: string;
  item: unknown;
  columns: readonly ColumnOf<unknown>[];
}

const IndexRow = memo(function IndexRow({ isChosen, isHere, ...row }: RowProps & { isChosen: boolean; isHere: boolean }) {
  return (
    <tr role="row" data-key={row.itemKey} aria-selected={isChosen} tabIndex={isHere ? 0 : -1}>
      <td role="gridcell" className={styles.box}>
        <label className={styles.target}>
          {/* The table hears of its press, with Shift or without. */}
          <input type="checkbox" data-box tabIndex={-1} checked={isChosen} readOnly aria-label={T.house.choose} />
        </label>
      </td>
      <Cells {...row} />
    </tr>
  );
});

// By themselves: choosing a row draws its box anew, not what it shows.
const Cells = memo(function Cells({ item, columns }: RowProps) {
  return columns.map((column, place) => {
    const number = column.number === true ? styles.number : undefined;
    const content: ReactNode = (
      <div data-content className={styles.content}>
        {column.cell(item)}
      </div>
    );
    return place === 0 ? (
      <th key={column.name} role="rowheader" scope="row" className={number}>
        {content}
      </th>
    ) : (
      <td key={column.name} role="gridcell" data-title={column.title} className={number}>
        {content}
      </td>
    );
  });
});

interface AllBoxProps {
  chosen: boolean;
  some: boolean;
  label: string;
  onChange: (all: boolean) => void;
}

function AllBox({ chosen, some, label, onChange }: AllBoxProps) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = some;
  }, [some]);
  return <input ref={box} type="checkbox" checked={chosen} aria-label={label} onChange={(event) => onChange(event.target.checked)} />;
}
