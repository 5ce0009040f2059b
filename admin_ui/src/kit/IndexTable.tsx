import type { ReactNode, SyntheticEvent } from "react";
import { Cell, Column, Row, Table, TableBody, TableHeader } from "react-aria-components/Table";
import { Checkbox } from "./Checkbox";
import type { Column as ColumnOf } from "./columns";
import styles from "./IndexTable.module.css";
import { useRanges } from "./ranges";

interface IndexTableProps<Item> {
  label: string;
  /** The first one names the row. */
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
 */
export function IndexTable<Item>({ label, columns, items, keyOf, chosen, onChoose, chooseAll }: IndexTableProps<Item>) {
  const order = items.map(keyOf);
  const ranges = useRanges(order, chosen === "all" ? new Set(order) : chosen);
  const choose = (keys: "all" | Set<string | number>) =>
    onChoose(keys === "all" ? keys : ranges.choose(new Set([...keys].map(String))));
  return (
    <div onPointerDownCapture={ranges.note} onClickCapture={ranges.note} onKeyDownCapture={ranges.note}>
      <Table
        aria-label={label}
        selectionMode="multiple"
        selectedKeys={chosen}
        onSelectionChange={choose}
        className={styles.table ?? ""}
      >
        <TableHeader>
          <Column id="chosen" className={styles.box ?? ""}>
            <Checkbox slot="selection" aria-label={chooseAll}>
              <span className={styles.all}>{chooseAll}</span>
            </Checkbox>
          </Column>
          {columns.map((column, place) => (
            <Column
              key={column.name}
              id={column.name}
              isRowHeader={place === 0}
              style={{ width: column.width }}
              className={column.number === true ? (styles.number ?? "") : ""}
            >
              {column.title}
            </Column>
          ))}
        </TableHeader>
        <TableBody items={items as Iterable<Item & object>} dependencies={[columns]}>
          {(item) => (
            <Row id={keyOf(item)}>
              <Cell className={styles.box ?? ""}>
                <Checkbox slot="selection" />
              </Cell>
              {columns.map((column) => (
                <Cell key={column.name} className={column.number === true ? (styles.number ?? "") : ""}>
                  <Content>{column.cell(item)}</Content>
                </Cell>
              ))}
            </Row>
          )}
        </TableBody>
      </Table>
    </div>
  );
}

const stay = (event: SyntheticEvent) => event.stopPropagation();

/** A press on what a cell shows is not a choice of its row: texts can be marked and copied, and controls pressed. */
function Content({ children }: { children: ReactNode }) {
  return (
    <div
      className={styles.content}
      onPointerDown={stay}
      onMouseDown={stay}
      onClick={stay}
      onKeyDown={(event) => {
        const pressed = event.key === "Enter" || event.key === " ";
        if (pressed) event.stopPropagation();
      }}
    >
      {children}
    </div>
  );
}
