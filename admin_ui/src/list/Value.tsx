/** The values of one place as they are known: one number where both sides agree, both where they do not, else a dash. */
import type { Bom, BomCell } from "../api/queries";
import type { OpenCell } from "../cell/CellPopover";
import { ago, count, exactTime } from "../formats";
import { classes } from "../kit";
import { CLASS_NAMES, T } from "../texts";
import styles from "./Value.module.css";

interface ValueProps {
  bom: Bom;
  cell: BomCell;
  onOpen: (cell: OpenCell) => void;
  /** A line that names its place, instead of a number below the name of its column. */
  asLine?: boolean;
}

export function Value({ bom, cell, onOpen, asLine = false }: ValueProps) {
  const place = cell.location_name ?? cell.location_id;
  // What cannot be compared shows no values that would look like a difference.
  const compared = cell.cell_class !== "not_compared";
  const single = cell.cell_class === "in_sync" || !compared;
  const [local, shopify] = [count(compared ? cell.local_value : null), count(cell.shopify_value)];
  const doubt = cell.unknown_outcome ? ` ${T.list.unknownOutcome}` : "";
  const values = single ? local : `${T.list.local} ${local} ${T.list.shopify} ${shopify}`;
  const read = cell.seen_at === null ? "" : `, ${T.list.read(ago(cell.seen_at))}`;
  const numbers = (
    <>
      {asLine && !single && `${T.list.local} `}
      <b>{local}</b>
      {!single && " "}
      {!single && (
        <>
          {" "}
          <span className={styles.other}>
            {T.list.shopify} {asLine ? <b>{shopify}</b> : shopify}
          </span>
        </>
      )}
      {cell.unknown_outcome && (
        <>
          {" "}
          <span className={styles.doubt}>{T.list.unknownOutcome}</span>
        </>
      )}
    </>
  );
  return (
    <button
      // The browser's own button, of few elements: a page has hundreds of these.
      type="button"
      className={classes(styles.value, asLine && styles.line, cell.differs && (styles[cell.cell_class] ?? styles.apart), !compared && styles.not_compared)}
      aria-label={`${bom.name}, ${place} ${values}${doubt}, ${CLASS_NAMES[cell.cell_class]}${read}`}
      title={[CLASS_NAMES[cell.cell_class], cell.seen_at === null ? null : T.list.readAt(exactTime(cell.seen_at))].filter(Boolean).join(". ")}
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
      {asLine ? (
        <>
          <span className={styles.place}>{place}</span>{" "}
          <span className={styles.numbers}>{numbers}</span>
        </>
      ) : (
        numbers
      )}
    </button>
  );
}
