/** The columns of a preview's table: Shopify first, then local, everywhere in this order. */
import type { Direction, Row } from "../api/queries";
import { change, count } from "../formats";
import { type Column, Inline, Text, TickBox } from "../kit";
import { StoryLink } from "../story/StoryLink";
import { CLASS_NAMES, T } from "../texts";
import type { Lookup } from "./leftOut";
import type { Choosing } from "./PreviewTable";
import styles from "./PreviewTable.module.css";
import { unsuited } from "./suits";

const bomOf = (row: Row) => row.bom_name ?? row.bom_id;
const placeOf = (row: Row) => row.location_name ?? row.location_id;

export function columnsFor(
  what: "differing" | "in_sync" | "why",
  direction: Direction,
  out: Lookup,
  choose: Choosing,
): Column<Row>[] {
  if (what === "why") {
    return [
      { name: "bom", title: T.preview.columns.bom, sort: "name", width: "minmax(0, 2.2fr)", cell: bomOf },
      { name: "location", title: T.preview.columns.location, sort: "location", width: "minmax(0, 1.4fr)", cell: placeOf },
      { name: "why", title: T.preview.left, width: "minmax(0, 3fr)", cell: (row) => [row.message, row.remedy].filter(Boolean).join(" ") },
    ];
  }
  const differing = what === "differing";
  return [
    {
      name: "bom",
      title: T.preview.columns.bom,
      sort: "name",
      width: "minmax(0, 2fr)",
      cell: (row) =>
        differing ? (
          <span className={styles.ticked}>
            <TickBox
              label={T.changes.takeBom(bomOf(row))}
              state={opposite(out.bom(row.bom_id))}
              onChange={(take) => choose.bom(row.bom_id, take)}
            />
            <span>{bomOf(row)}</span>
          </span>
        ) : (
          bomOf(row)
        ),
    },
    {
      name: "location",
      title: T.preview.columns.location,
      sort: "location",
      width: "minmax(0, 1.5fr)",
      cell: (row) =>
        differing ? (
          <span className={styles.ticked}>
            <TickBox
              label={T.changes.takePlace(bomOf(row), placeOf(row))}
              state={out.has(row) ? "none" : "all"}
              onChange={(take, withShift) => choose.row(row, take, withShift)}
            />
            <StoryLink bomId={row.bom_id} locationId={row.location_id} label={T.story.why(bomOf(row), placeOf(row))}>
              {placeOf(row)}
            </StoryLink>
          </span>
        ) : (
          placeOf(row)
        ),
    },
    { name: "shopify", title: T.preview.columns.shopify, sort: "shopify", width: "5rem", number: true, cell: (row) => count(row.shopify_value) },
    { name: "local", title: T.preview.columns.local, sort: "local", width: "5.5rem", number: true, cell: (row) => <Local row={row} /> },
    { name: "base", title: T.changes.columns.base, sort: "base", width: "4.5rem", number: true, cell: (row) => count(row.base) },
    {
      name: "difference",
      title: T.preview.columns.difference,
      sort: "difference",
      width: "6rem",
      number: true,
      cell: (row) => change(row.difference),
    },
    {
      name: "becomes",
      title: T.changes.columns.becomes,
      sort: direction === "toShopify" ? "local" : "shopify",
      width: "5rem",
      number: true,
      cell: (row) => becomes(row, direction, out),
    },
    {
      name: "moved",
      title: T.preview.columns.moved,
      sort: "class",
      width: "minmax(0, 2fr)",
      cell: (row) => <Moved row={row} direction={direction} out={out} />,
    },
  ];
}

const opposite = (out: "all" | "some" | "none") => (out === "all" ? "none" : out === "none" ? "all" : "some");

function Local({ row }: { row: Row }) {
  return (
    <>
      {count(row.local_value)}
      {row.local_is !== null && (
        <>
          {" "}
          <Text as="span" tone="subdued" small>
            {T.changes.localIs[row.local_is]}
          </Text>
        </>
      )}
    </>
  );
}

function becomes(row: Row, direction: Direction, out: Lookup) {
  const then = direction === "toShopify" ? row.shopify_becomes : row.local_becomes;
  return out.has(row) || then === null ? (
    <Text as="span" tone="subdued">
      {T.changes.stays}
    </Text>
  ) : (
    <b>{count(then)}</b>
  );
}

function Moved({ row, direction, out }: { row: Row; direction: Direction; out: Lookup }) {
  const name = row.cell_class;
  if (name === null) return <>{row.message ?? T.dash}</>;
  const isOut = out.has(row);
  const refused = direction === "toShopify" ? row.not_pushed_message : null;
  const overwritten = !isOut && refused === null && unsuited(direction).includes(name);
  return (
    <Inline gap="100">
      <span>{CLASS_NAMES[name]}</span>
      {overwritten && (
        <Text as="span" tone="caution">
          {T.preview.overwritten}
        </Text>
      )}
      {isOut && (
        <Text as="span" tone="subdued">
          {T.preview.excluded}
        </Text>
      )}
      {!isOut && refused !== null && <Text as="span">{refused}</Text>}
    </Inline>
  );
}
