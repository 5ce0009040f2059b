/** The rows of a preview, asked for as they come into sight. */
import { useState } from "react";
import { api, body } from "../api/client";
import type { CellClass, Direction, Preview, Row } from "../api/queries";
import { change, count } from "../formats";
import { type Column, Inline, type Mark, Select, Stack, Text } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { Rows } from "../parts/Rows";
import { CLASS_NAMES, T } from "../texts";
import { unsuited } from "./suits";

type View = "differences" | "in_sync" | "left_out" | "errors";
type Shown = View | CellClass;

interface PreviewTableProps {
  preview: Preview;
  direction: Direction;
  without: ReadonlySet<CellClass>;
}

const VIEWS = new Set<string>(["differences", "in_sync", "left_out", "errors"]);

export function PreviewTable({ preview, direction, without }: PreviewTableProps) {
  const numbers = numbersOf(preview);
  const [shown, setShown] = useState<Shown>(() =>
    numbers.differences > 0 ? "differences" : numbers.left_out > 0 ? "left_out" : "in_sync",
  );
  const [sort, setSort] = useState<"size" | "no">("size");
  const isView = VIEWS.has(shown);
  const options = [
    { value: "differences", label: T.preview.views.differences(numbers.differences) },
    ...preview.moves
      .filter((move) => move.cell_class !== "in_sync" && move.cells > 0)
      .map((move) => ({ value: move.cell_class, label: `– ${CLASS_NAMES[move.cell_class]} (${count(move.cells)})` })),
    { value: "in_sync", label: T.preview.views.in_sync(numbers.in_sync) },
    { value: "left_out", label: T.preview.views.left_out(numbers.left_out) },
    { value: "errors", label: T.preview.views.errors(numbers.errors) },
  ];
  return (
    <Stack gap="300">
      <Inline>
        <Select label={T.preview.show} inline options={options} value={shown} onChange={(value) => setShown(value as Shown)} />
        <Select
          label={T.preview.order}
          inline
          options={Object.entries(T.preview.orders).map(([value, label]) => ({ value, label }))}
          value={sort}
          onChange={(value) => setSort(value as "size" | "no")}
        />
      </Inline>
      <Rows
        key={`${shown} ${sort}`}
        label={T.preview.table}
        columns={columnsFor(shown, direction, without)}
        mark={(row) => markOf(row, direction, without)}
        empty={<EmptyNote title={T.preview.noRows} text={shown === "differences" ? T.preview.nothing : ""} />}
        source={{
          key: ["preview", preview.preview_id, "table", shown, sort],
          read: (offset, limit, signal) =>
            body(
              api.GET("/api/previews/{preview_id}/rows", {
                signal,
                params: {
                  path: { preview_id: preview.preview_id },
                  query: {
                    offset,
                    limit,
                    sort,
                    ...(isView ? { only: shown as View } : { class: shown as CellClass }),
                  },
                },
              }),
            ),
        }}
      />
    </Stack>
  );
}

function numbersOf(preview: Preview): Record<View, number> {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const differing = Object.entries(preview.classes).filter(([name]) => name !== "in_sync");
  return {
    differences: sum(differing.map(([, number]) => number)),
    in_sync: preview.classes.in_sync ?? 0,
    left_out: sum(preview.left_out.map((entry) => entry.count)),
    errors: sum(preview.codes.map((entry) => entry.count)),
  };
}

function markOf(row: Row, direction: Direction, without: ReadonlySet<CellClass>): Mark | undefined {
  if (row.cell_class === null) return undefined;
  if (without.has(row.cell_class)) return "muted";
  return unsuited(direction).includes(row.cell_class) ? "caution" : undefined;
}

function columnsFor(shown: Shown, direction: Direction, without: ReadonlySet<CellClass>): Column<Row>[] {
  const names: Column<Row>[] = [
    { name: "bom", title: T.preview.columns.bom, width: "minmax(0, 2.2fr)", cell: (row) => row.bom_name ?? row.bom_id },
    {
      name: "location",
      title: T.preview.columns.location,
      width: "minmax(0, 1.4fr)",
      cell: (row) => row.location_name ?? row.location_id,
    },
  ];
  if (shown === "left_out" || shown === "errors") {
    return [
      ...names,
      { name: "why", title: T.preview.left, width: "minmax(0, 3fr)", cell: (row) => [row.message, row.remedy].filter(Boolean).join(" ") },
    ];
  }
  return [
    ...names,
    { name: "shopify", title: T.preview.columns.shopify, width: "7rem", number: true, cell: (row) => count(row.shopify_value) },
    { name: "local", title: T.preview.columns.local, width: "7rem", number: true, cell: (row) => count(row.local_value) },
    { name: "difference", title: T.preview.columns.difference, width: "6.5rem", number: true, cell: (row) => change(row.difference) },
    {
      name: "moved",
      title: T.preview.columns.moved,
      width: "minmax(0, 2fr)",
      cell: (row) => <Moved row={row} direction={direction} without={without} />,
    },
  ];
}

function Moved({ row, direction, without }: { row: Row; direction: Direction; without: ReadonlySet<CellClass> }) {
  const name = row.cell_class;
  if (name === null) return <>{row.message ?? T.dash}</>;
  const out = without.has(name);
  const overwritten = !out && unsuited(direction).includes(name);
  return (
    <>
      {CLASS_NAMES[name]}
      {overwritten && (
        <>
          {" "}
          <Text as="span" tone="caution">
            {T.preview.overwritten}
          </Text>
        </>
      )}
      {out && (
        <>
          {" "}
          <Text as="span" tone="subdued">
            {T.preview.excluded}
          </Text>
        </>
      )}
    </>
  );
}
