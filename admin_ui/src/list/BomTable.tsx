/**
 * One page of BOMs. Plain elements instead of the kit's table: a page shows up to a thousand values, and selecting all
 * of them answers at once.
 */
import { memo, useEffect, useRef, useState } from "react";
import type { Bom, BomCell } from "../api/queries";
import type { OpenCell } from "../cell/CellPopover";
import { Badge } from "../kit";
import { T } from "../texts";
import { Chip } from "./Chip";

/** More locations than these are shown on demand. */
const CHIPS = 6;

interface BomTableProps {
  boms: readonly Bom[];
  picked: ReadonlySet<string>;
  all: boolean;
  wholePage: boolean;
  onToggle: (bomId: string) => void;
  onTogglePage: () => void;
  onOpen: (cell: OpenCell) => void;
}

export function BomTable({ boms, picked, all, wholePage, onToggle, onTogglePage, onOpen }: BomTableProps) {
  const box = useRef<HTMLInputElement>(null);
  const some = boms.some((bom) => picked.has(bom.bom_id));
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = some && !wholePage;
  }, [some, wholePage]);
  return (
    <table className="boms boms-list" role="table" aria-label={T.list.table}>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col" className="boms-box">
            <label>
              <input ref={box} type="checkbox" aria-label={T.list.selectPage} checked={wholePage} onChange={onTogglePage} />
              <span className="boms-all">{T.list.selectPage}</span>
            </label>
          </th>
          <th role="columnheader" scope="col">
            {T.list.columns.name}
          </th>
          <th role="columnheader" scope="col">
            {T.list.columns.tracks}
          </th>
          <th role="columnheader" scope="col">
            {T.list.columns.values}
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {boms.map((bom) => (
          <BomRow key={bom.bom_id} bom={bom} picked={all || picked.has(bom.bom_id)} onToggle={onToggle} onOpen={onOpen} />
        ))}
      </tbody>
    </table>
  );
}

interface BomRowProps {
  bom: Bom;
  picked: boolean;
  onToggle: (bomId: string) => void;
  onOpen: (cell: OpenCell) => void;
}

const BomRow = memo(function BomRow({ bom, picked, onToggle, onOpen }: BomRowProps) {
  return (
    <tr role="row" className={picked ? "picked" : undefined}>
      <td role="cell" className="boms-box">
        <input
          type="checkbox"
          aria-label={T.list.select(bom.name)}
          checked={picked}
          onChange={() => onToggle(bom.bom_id)}
        />
      </td>
      <th role="rowheader" scope="row">
        <span className="boms-name">{bom.name}</span>
        <span className="boms-id">{bom.bom_id}</span>
        {bom.tags.map((tag) => (
          <span key={tag} className="tag">
            {tag}
          </span>
        ))}
      </th>
      <td role="cell">
        {bom.externally_managed ? (
          <Badge>{T.list.externally}</Badge>
        ) : (
          <span className={bom.tracks_pre_assembled ? undefined : "subdued"}>
            {bom.tracks_pre_assembled ? T.list.tracks : T.list.tracksNot}
          </span>
        )}
      </td>
      <td role="cell">
        <Values bom={bom} onOpen={onOpen} />
      </td>
    </tr>
  );
});

const differs = (cell: BomCell) => cell.cell_class !== "in_sync";

// By itself: selecting a page redraws its boxes, not its values.
const Values = memo(function Values({ bom, onOpen }: { bom: Bom; onOpen: (cell: OpenCell) => void }) {
  const [whole, setWhole] = useState(false);
  const cells = bom.cells ?? [];
  if (cells.length === 0) return <span className="subdued">{T.list.noCells}</span>;
  // Where not all are shown, those that differ come first.
  const shown = whole || cells.length <= CHIPS ? cells : [...cells].sort((a, b) => Number(differs(b)) - Number(differs(a))).slice(0, CHIPS);
  return (
    <div className="chips">
      {shown.map((cell) => (
        <Chip key={cell.location_id} bom={bom} cell={cell} onOpen={onOpen} />
      ))}
      {cells.length > CHIPS && (
        <button
          type="button"
          className="chip-more"
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
