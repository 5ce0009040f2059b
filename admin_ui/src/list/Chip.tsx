/** The values of one cell as they are known: one number where both sides agree, both where they do not. */
import type { Bom, BomCell } from "../api/queries";
import type { OpenCell } from "../cell/CellPopover";
import { count } from "../formats";
import { CLASS_NAMES, T } from "../texts";

interface ChipProps {
  bom: Bom;
  cell: BomCell;
  onOpen: (cell: OpenCell) => void;
}

export function Chip({ bom, cell, onOpen }: ChipProps) {
  const place = cell.location_name ?? cell.location_id;
  const agrees = cell.cell_class === "in_sync";
  return (
    <button
      type="button"
      className={`chip chip-${cell.cell_class}`}
      aria-haspopup="dialog"
      onClick={(event) =>
        onOpen({
          bomId: bom.bom_id,
          bomName: bom.name,
          locationId: cell.location_id,
          locationName: place,
          anchor: event.currentTarget,
        })
      }
    >
      <span className="unseen">{`${bom.name}, `}</span>
      <span className="chip-place">{place}</span>{" "}
      {agrees ? (
        <b>{count(cell.local_value)}</b>
      ) : (
        <span className="chip-values">
          <span>
            {T.list.local} <b>{count(cell.local_value)}</b>
          </span>{" "}
          <span>
            {T.list.shopify} <b>{count(cell.shopify_value)}</b>
          </span>
        </span>
      )}
      <span className="unseen">{`, ${CLASS_NAMES[cell.cell_class]}`}</span>
    </button>
  );
}
