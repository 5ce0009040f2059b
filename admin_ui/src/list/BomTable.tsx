/** One page of BOMs with their values: the places as columns, on a narrow screen as lines. */
import { memo, type ReactNode, useMemo, useState } from "react";
import { useParams } from "../address";
import type { Bom, BomCell } from "../api/queries";
import type { OpenCell } from "../cell/CellPopover";
import { change } from "../formats";
import { type Column, IndexTable, Named, RowButton, Text, useNarrow } from "../kit";
import { Age } from "../parts/Age";
import { T } from "../texts";
import styles from "./BomTable.module.css";
import { NAME_WIDTH, OTHERS_WIDTH, type Place, SUM_WIDTH, VALUE_WIDTH } from "./places";
import { Value } from "./Value";
import valueStyles from "./Value.module.css";

/** As lines: more places than these are shown on demand. */
const LINES = 6;

interface BomTableProps {
  boms: readonly Bom[];
  /** As columns; all places of the rows, `many` of them. */
  shown: readonly Place[];
  many: number;
  picked: ReadonlySet<string>;
  onPick: (picked: ReadonlySet<string>) => void;
  onOpen: (cell: OpenCell) => void;
}

const idOf = (bom: Bom) => bom.bom_id;
const pixels = (width: number) => `${width}px`;

/** By itself: what stands around it changes more often than what it shows. */
export const BomTable = memo(function BomTable({ boms, shown, many, picked, onPick, onOpen }: BomTableProps) {
  const narrow = useNarrow();
  // Once for the whole table: a row that asks for the address itself is drawn with every change of it.
  const [, change] = useParams();
  const columns = useMemo<Column<Bom>[]>(() => {
    const name: Column<Bom> = { name: "name", title: T.list.columns.name, cell: (bom) => <Name bom={bom} onEdit={() => change({ bom: bom.bom_id })} /> };
    if (narrow) {
      return [
        name,
        { name: "lines", title: T.list.columns.values, cell: (bom) => <Lines bom={bom} cells={bom.cells ?? []} first={LINES} onOpen={onOpen} sum /> },
      ];
    }
    const ids = new Set(shown.map((place) => place.location_id));
    const placed = shown.map(
      (place): Column<Bom> => ({
        name: place.location_id,
        title: `${place.name}${place.active ? "" : ` (${T.list.closed})`}`,
        width: pixels(VALUE_WIDTH),
        number: true,
        cell: (bom) => <At bom={bom} cell={bom.cells?.find((cell) => cell.location_id === place.location_id)} onOpen={onOpen} />,
      }),
    );
    const others: Column<Bom> = {
      name: "others",
      title: T.list.columns.others,
      width: pixels(OTHERS_WIDTH),
      cell: (bom) => <Lines bom={bom} cells={(bom.cells ?? []).filter((cell) => !ids.has(cell.location_id))} first={0} onOpen={onOpen} />,
    };
    return [
      { ...name, width: placed.length * VALUE_WIDTH > 3 * NAME_WIDTH ? pixels(NAME_WIDTH) : "auto" },
      ...placed,
      ...(many > shown.length ? [others] : []),
      { name: "sum", title: T.list.columns.sum, width: pixels(SUM_WIDTH), number: true, cell: (bom) => <Sum bom={bom} /> },
    ];
  }, [shown, many, onOpen, narrow, change]);
  return (
    <IndexTable
      label={T.list.table}
      columns={columns}
      items={boms}
      keyOf={idOf}
      chosen={picked}
      onChoose={(ticked) => onPick(ticked === "all" ? new Set(boms.map(idOf)) : ticked)}
      chooseAll={T.list.selectPage}
    />
  );
});

function Name({ bom, onEdit }: { bom: Bom; onEdit: () => void }) {
  const read = readAt(bom.cells ?? []);
  const about = bom.externally_managed ? T.list.externally : bom.tracks_pre_assembled ? T.list.tracks : T.list.tracksNot;
  const detail = (
    <>
      {bom.bom_id} · {about}
      {read !== null && (
        <>
          {" · "}
          <Age at={read} words={T.list.read} />
        </>
      )}{" "}
      <RowButton label={T.mapping.openOf(bom.name)} onPress={onEdit}>
        {T.mapping.open}
      </RowButton>
    </>
  );
  return (
    <>
      <Named strong name={bom.name} detail={detail} />
      {bom.tags.map((tag) => (
        <span key={tag} className={styles.tag}>
          {tag}
        </span>
      ))}
    </>
  );
}

/** The age of a row is that of its oldest value; null where one was never read. */
function readAt(cells: readonly BomCell[]): string | null {
  const compared = cells.filter((cell) => cell.cell_class !== "not_compared");
  const times = compared.map((cell) => cell.seen_at);
  if (times.length === 0 || times.some((time) => time === null)) return null;
  return (times as string[]).reduce((oldest, time) => (Date.parse(time) < Date.parse(oldest) ? time : oldest));
}

// By itself: selecting a page redraws its boxes, not its values.
const At = memo(function At({ bom, cell, onOpen }: { bom: Bom; cell: BomCell | undefined; onOpen: (cell: OpenCell) => void }): ReactNode {
  return cell === undefined ? <Text as="span" tone="subdued">{T.dash}</Text> : <Value bom={bom} cell={cell} onOpen={onOpen} />;
});

function Sum({ bom }: { bom: Bom }) {
  return <div className={styles.sum}>{change(bom.difference)}</div>;
}

interface LinesProps {
  bom: Bom;
  cells: readonly BomCell[];
  /** So many are always there. */
  first: number;
  onOpen: (cell: OpenCell) => void;
  sum?: boolean;
}

const Lines = memo(function Lines({ bom, cells, first, onOpen, sum = false }: LinesProps) {
  const [whole, setWhole] = useState(false);
  if (cells.length === 0) return first === 0 ? null : <Text tone="subdued">{T.list.noCells}</Text>;
  // Where not all are shown, those that differ come first.
  const ordered = whole || cells.length <= first ? cells : [...cells].sort((a, b) => Number(b.differs) - Number(a.differs)).slice(0, first);
  const differ = cells.filter((cell) => cell.differs).length;
  const hidden = cells.length - ordered.length;
  return (
    <div className={valueStyles.lines}>
      {ordered.map((cell) => (
        <Value key={cell.location_id} bom={bom} cell={cell} onOpen={onOpen} asLine />
      ))}
      {cells.length > first && (
        <button
          type="button"
          className={valueStyles.more}
          aria-expanded={whole}
          aria-label={whole ? undefined : T.list.moreAt(bom.name, hidden)}
          onClick={() => setWhole(!whole)}
        >
          {whole ? T.list.less : first === 0 && differ > 0 ? T.list.differElsewhere(differ) : T.list.more(hidden)}
        </button>
      )}
      {sum && bom.difference !== null && (
        <Text as="span" tone="subdued">
          {T.list.columns.sum} {change(bom.difference)}
        </Text>
      )}
    </div>
  );
});
