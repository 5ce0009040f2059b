/** The values of one cell as they are known: one number where both sides agree, both where they do not, else a dash. */
import type { Bom, BomCell } from "../api/queries";
import type { OpenCell } from "../cell/CellPopover";
import { count } from "../formats";
import { classes } from "../kit";
import { CLASS_NAMES, T } from "../texts";
import styles from "./Chip.module.css";

interface ChipProps {
  bom: Bom;
  cell: BomCell;
  onOpen: (cell: OpenCell) => void;
}

export function Chip({ bom, cell, onOpen }: ChipProps) {
  const place = cell.location_name ?? cell.location_id;
  // What cannot be compared shows no values that would look like a difference.
  const compared = cell.cell_class !== "not_compared";
  const single = cell.cell_class === "in_sync" || !compared;
  const [local, shopify] = [count(compared ? cell.local_value : null), count(cell.shopify_value)];
  const values = single ? local : `${T.list.local} ${local} ${T.list.shopify} ${shopify}`;
  return (
    <button
      // The browser's own button, of few elements: a page has hundreds of these.
      type="button"
      className={classes(styles.chip, styles[cell.cell_class])}
      aria-label={`${bom.name}, ${place} ${values}, ${CLASS_NAMES[cell.cell_class]}`}
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
      <span className={styles.place}>{place}</span>{" "}
      {single ? (
        <b>{local}</b>
      ) : (
        <>
          {T.list.local} <b>{local}</b> {T.list.shopify} <b>{shopify}</b>
        </>
      )}
    </button>
  );
}
