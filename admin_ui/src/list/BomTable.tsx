/** One page of BOMs with their values. */
import { memo, useMemo, useState } from "react";
import { useParams } from "../address";
import type { Bom, BomCell } from "../api/queries";
import type { OpenCell } from "../cell/CellPopover";
import { Badge, Button, classes, type Column, IndexTable, Named, Text } from "../kit";
import { T } from "../texts";
import { Chip } from "./Chip";
import styles from "./Chip.module.css";

/** More locations than these are shown on demand. */
const CHIPS = 6;

interface BomTableProps {
  boms: readonly Bom[];
  picked: ReadonlySet<string> | "all";
  onPick: (picked: ReadonlySet<string> | "all") => void;
  onOpen: (cell: OpenCell) => void;
}

const idOf = (bom: Bom) => bom.bom_id;

export function BomTable({ boms, picked, onPick, onOpen }: BomTableProps) {
  const columns = useMemo<Column<Bom>[]>(
    () => [
      { name: "name", title: T.list.columns.name, width: "22%", cell: (bom) => <Name bom={bom} /> },
      { name: "tracks", title: T.list.columns.tracks, width: "132px", cell: (bom) => <Tracks bom={bom} /> },
      { name: "values", title: T.list.columns.values, cell: (bom) => <Values bom={bom} onOpen={onOpen} /> },
    ],
    [onOpen],
  );
  return (
    <IndexTable
      label={T.list.table}
      columns={columns}
      items={boms}
      keyOf={idOf}
      chosen={picked}
      onChoose={onPick}
      chooseAll={T.list.selectPage}
    />
  );
}

function Name({ bom }: { bom: Bom }) {
  return (
    <>
      <Named strong name={bom.name} detail={bom.bom_id} />
      {bom.tags.map((tag) => (
        <span key={tag} className={styles.tag}>
          {tag}
        </span>
      ))}
      <EditButton bom={bom} />
    </>
  );
}

function EditButton({ bom }: { bom: Bom }) {
  const [, change] = useParams();
  return (
    <span>
      <Button variant="plain" aria-label={T.mapping.openOf(bom.name)} onPress={() => change({ bom: bom.bom_id })}>
        {T.mapping.open}
      </Button>
    </span>
  );
}

function Tracks({ bom }: { bom: Bom }) {
  if (bom.externally_managed) return <Badge>{T.list.externally}</Badge>;
  return (
    <Text as="span" tone={bom.tracks_pre_assembled ? undefined : "subdued"}>
      {bom.tracks_pre_assembled ? T.list.tracks : T.list.tracksNot}
    </Text>
  );
}

const differs = (cell: BomCell) => cell.cell_class !== "in_sync";

// By itself: selecting a page redraws its boxes, not its values.
const Values = memo(function Values({ bom, onOpen }: { bom: Bom; onOpen: (cell: OpenCell) => void }) {
  const [whole, setWhole] = useState(false);
  const cells = bom.cells ?? [];
  if (cells.length === 0) return <Text tone="subdued">{T.list.noCells}</Text>;
  // Where not all are shown, those that differ come first.
  const shown = whole || cells.length <= CHIPS ? cells : [...cells].sort((a, b) => Number(differs(b)) - Number(differs(a))).slice(0, CHIPS);
  return (
    <div className={styles.chips}>
      {shown.map((cell) => (
        <Chip key={cell.location_id} bom={bom} cell={cell} onOpen={onOpen} />
      ))}
      {cells.length > CHIPS && (
        <button
          type="button"
          className={classes(styles.chip, styles.more)}
          aria-expanded={whole}
          aria-label={whole ? undefined : T.list.moreAt(bom.name, cells.length - shown.length)}
          onClick={() => setWhole(!whole)}
        >
          {whole ? T.list.less : T.list.more(cells.length - shown.length)}
        </button>
      )}
    </div>
  );
});
