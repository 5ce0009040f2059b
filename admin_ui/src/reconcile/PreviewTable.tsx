/** The rows of a preview, asked for as they come into sight; each can be left out, and so can each BOM. */
import { useQuery } from "@tanstack/react-query";
import { memo, useDeferredValue, useMemo, useRef, useState } from "react";
import { type CellClass, type Direction, locationsQuery, type Preview, type Row } from "../api/queries";
import { count } from "../formats";
import { Banner, Button, FilterBar, Inline, type Mark, SearchBox, Select, Stack, Text } from "../kit";
import { pageQuery } from "../kit/rowWindow";
import { EmptyNote } from "../parts/EmptyNote";
import { Rows } from "../parts/Rows";
import { SaveButton } from "../parts/SaveButton";
import { TroubleNote } from "../parts/TroubleNote";
import { CLASS_NAMES, T } from "../texts";
import { type LeavingOut, type Lookup, withBom, withRows } from "./leftOut";
import { columnsFor } from "./previewColumns";
import { readAll, type RowQuery, rowsOf, type Sort } from "./previewRows";
import { unsuited } from "./suits";

type View = "differences" | "in_sync" | "not_compared" | "errors";
type Shown = View | CellClass;

interface PreviewTableProps {
  preview: Preview;
  direction: Direction;
  leaving: LeavingOut;
}

const FIRST_SORT: Sort = "size";
const VIEWS = new Set<string>(["differences", "in_sync", "not_compared", "errors"]);
const ORDERS = Object.entries(T.changes.orders).map(([value, label]) => ({ value, label }));

/** By itself: what is typed to confirm draws no row. */
export const PreviewTable = memo(function PreviewTable({ preview, direction, leaving }: PreviewTableProps) {
  const numbers = numbersOf(preview);
  const [shown, setShown] = useState<Shown>(() => firstView(numbers));
  const [sort, setSort] = useState<Sort>(FIRST_SORT);
  const [search, setSearch] = useState("");
  const [location, setLocation] = useState("");
  const wanted = useDeferredValue(search.trim());
  const locations = useQuery(locationsQuery);
  const query = useMemo<RowQuery>(
    () => ({
      ...(VIEWS.has(shown) ? { only: shown as View } : { class: shown as CellClass }),
      ...(wanted !== "" && { search: wanted }),
      ...(location !== "" && { location_id: location }),
    }),
    [shown, wanted, location],
  );
  const chosen = useChoosing(preview.preview_id, query, sort, leaving);
  const differing = shown === "differences" || (!VIEWS.has(shown) && shown !== "not_compared");
  // A row is drawn anew where it is left out or taken back, not with every other one: columns ask for what is so now.
  const left = useRef(leaving.lookup);
  left.current = leaving.lookup;
  const now = useMemo<Lookup>(() => ({ has: (row) => left.current.has(row), bom: (bomId) => left.current.bom(bomId) }), []);
  const columns = useMemo(
    () => columnsFor(differing ? "differing" : shown === "in_sync" ? "in_sync" : "why", direction, now, chosen.acts),
    [differing, shown, direction, now, chosen.acts],
  );
  const options = [
    { value: "differences", label: T.preview.views.differences(numbers.differences) },
    ...preview.moves
      .filter((move) => move.cell_class !== "in_sync" && move.cells > 0)
      .map((move) => ({ value: move.cell_class, label: `– ${CLASS_NAMES[move.cell_class]} (${count(move.cells)})` })),
    { value: "in_sync", label: T.preview.views.in_sync(numbers.in_sync) },
    { value: "not_compared", label: T.preview.views.not_compared(numbers.not_compared) },
    { value: "errors", label: T.preview.views.errors(numbers.errors) },
  ];
  return (
    <Stack gap="300">
      <FilterBar
        search={
          <SearchBox
            label={T.changes.search}
            placeholder={T.changes.searchHint}
            maxLength={200}
            value={search}
            onChange={setSearch}
            isPending={search.trim() !== wanted}
          />
        }
        toggle={T.list.filters}
        inline
      >
        <Select label={T.preview.show} inline options={options} value={shown} onChange={(value) => setShown(value as Shown)} />
        <Select
          label={T.changes.location}
          inline
          options={[
            { value: "", label: T.changes.all },
            ...(locations.data?.items ?? []).map((place) => ({ value: place.location_id, label: place.name })),
          ]}
          value={location}
          onChange={setLocation}
        />
        <Select label={T.preview.order} inline options={ORDERS} value={sort} onChange={(value) => setSort(value as Sort)} />
      </FilterBar>
      {differing && (
        <Inline gap="300">
          <Button onPress={() => chosen.acts.shown(false)} isPending={chosen.isReading}>
            {T.changes.leaveOutShown}
          </Button>
          <Button onPress={() => chosen.acts.shown(true)} isPending={chosen.isReading}>
            {T.changes.includeShown}
          </Button>
          <Text as="span" tone="subdued">
            {T.changes.sign}
          </Text>
        </Inline>
      )}
      {(leaving.tooMany || chosen.tooMany) && <Banner tone="warning">{T.changes.tooMany}</Banner>}
      {chosen.error !== null && <TroubleNote trouble={chosen.error} />}
      <Rows
        key={JSON.stringify([query, sort])}
        label={T.preview.table}
        columns={columns}
        order={sort}
        onOrder={(order) => setSort(order as Sort)}
        mark={(row) => markOf(row, direction, leaving)}
        stateOf={(row) => `${String(leaving.lookup.has(row))} ${leaving.lookup.bom(row.bom_id)}`}
        expected={wanted === "" && location === "" ? expectedOf(shown, preview, numbers) : undefined}
        empty={<EmptyNote title={T.preview.noRows} text={shown === "differences" && numbers.differences === 0 ? T.preview.nothing : ""} />}
        source={rowsOf(preview.preview_id, query, sort)}
      />
      <SaveButton
        label={T.preview.csv}
        path={`/api/previews/${preview.preview_id}/export.csv?${new URLSearchParams({ ...query, sort }).toString()}`}
        file={`preview-${preview.preview_id}.csv`}
      />
    </Stack>
  );
});

export interface Choosing {
  row: (row: Row, take: boolean, withShift: boolean) => void;
  bom: (bomId: string, take: boolean) => void;
  /** All rows that the filters find. */
  shown: (take: boolean) => void;
}

interface Choice {
  /** The same from one drawing to the next. */
  acts: Choosing;
  isReading: boolean;
  tooMany: boolean;
  error: Error | null;
}

/** Leaving out by box: one row, with Shift all from the last one on, a BOM, or whatever is shown. */
function useChoosing(previewId: string, query: RowQuery, sort: Sort, leaving: LeavingOut): Choice {
  const last = useRef<number | null>(null);
  const [isReading, setReading] = useState(false);
  const [tooMany, setTooMany] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const latest = useRef(leaving.change);
  latest.current = leaving.change;
  const acts = useMemo<Choosing>(() => {
    const change: LeavingOut["change"] = (make) => latest.current(make);
    const several = async (read: () => Promise<readonly Row[] | null>, take: boolean) => {
      setReading(true);
      setError(null);
      try {
        const rows = await read();
        setTooMany(rows === null);
        if (rows !== null) change((out) => withRows(out, rows, take));
      } catch (failure) {
        setError(failure as Error);
      } finally {
        setReading(false);
      }
    };
    return {
      row: (row, take, withShift) => {
        const from = last.current;
        last.current = row.no;
        setTooMany(false);
        if (withShift && from !== null && from !== row.no) {
          void several(() => readAll(previewId, { ...query, sort }, [from, row.no]), take);
        } else {
          change((out) => withRows(out, [row], take));
        }
      },
      bom: (bomId, take) => {
        setTooMany(false);
        change((out) => withBom(out, bomId, take));
      },
      shown: (take) => void several(() => readAll(previewId, { ...query, sort }), take),
    };
  }, [previewId, query, sort]);
  return { acts, isReading, tooMany, error };
}

/** How many rows a view has, as the preview's own numbers tell. */
function expectedOf(shown: Shown, preview: Preview, numbers: Record<View, number>): number | undefined {
  return VIEWS.has(shown) ? numbers[shown as View] : preview.moves.find((move) => move.cell_class === shown)?.cells;
}

const firstView = (numbers: Record<View, number>): View =>
  numbers.differences > 0 ? "differences" : numbers.not_compared > 0 ? "not_compared" : "in_sync";

/** The rows that the table begins with, asked for while the rest is added up. */
export const firstRows = (preview: Preview) =>
  pageQuery(rowsOf(preview.preview_id, { only: firstView(numbersOf(preview)) }, FIRST_SORT), 0);

function numbersOf(preview: Preview): Record<View, number> {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const differing = Object.entries(preview.classes).filter(([name]) => name !== "in_sync");
  return {
    differences: sum(differing.map(([, number]) => number)),
    in_sync: preview.classes.in_sync ?? 0,
    not_compared: sum(preview.not_compared.map((entry) => entry.count)),
    errors: sum(preview.codes.map((entry) => entry.count)),
  };
}

function markOf(row: Row, direction: Direction, { lookup }: LeavingOut): Mark | undefined {
  if (row.cell_class === null) return undefined;
  if (lookup.has(row)) return "muted";
  return unsuited(direction).includes(row.cell_class) ? "caution" : undefined;
}
