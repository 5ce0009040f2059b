/** What the merchant leaves out of a preview: whole classes and BOMs, single places, and places taken back of those. */
import { useCallback, useMemo, useState } from "react";
import type { Schema } from "../api/client";
import type { CellClass, Row } from "../api/queries";

type Ref = Schema["CellRef"];

export interface LeftOut {
  classes: readonly CellClass[];
  boms: readonly string[];
  cells: readonly Ref[];
  keep: readonly Ref[];
}

export const NOTHING: LeftOut = { classes: [], boms: [], cells: [], keep: [] };

/** What one request may name; the service has the same limits. */
const MOST = { cells: 5_000, boms: 200, keep: 200 };

type Of = Pick<Row, "bom_id" | "location_id" | "cell_class">;

const ref = ({ bom_id, location_id }: Of): Ref => ({ bom_id, location_id });
const keyOf = ({ bom_id, location_id }: Ref): string => `${location_id} ${bom_id}`;

/** The same, quick to ask of many rows. */
export interface Lookup {
  has: (row: Of) => boolean;
  /** Of a BOM: all of it, part of it, or nothing is left out. */
  bom: (bomId: string) => "all" | "some" | "none";
}

export function lookup(out: LeftOut): Lookup {
  const classes = new Set<CellClass | null>(out.classes);
  const boms = new Set(out.boms);
  const cells = new Set(out.cells.map(keyOf));
  const keep = new Set(out.keep.map(keyOf));
  const partly = new Set([...out.cells, ...out.keep].map((cell) => cell.bom_id));
  return {
    has: (row) => {
      const key = keyOf(row);
      return cells.has(key) || ((classes.has(row.cell_class) || boms.has(row.bom_id)) && !keep.has(key));
    },
    bom: (bomId) => (partly.has(bomId) ? "some" : boms.has(bomId) ? "all" : "none"),
  };
}

/** Leave rows out, or take them back. */
export function withRows(out: LeftOut, rows: readonly Of[], take: boolean): LeftOut {
  const touched = new Set(rows.map((row) => keyOf(row)));
  const cells = out.cells.filter((cell) => !touched.has(keyOf(cell)));
  const keep = out.keep.filter((cell) => !touched.has(keyOf(cell)));
  const asAWhole = (row: Of) => (row.cell_class !== null && out.classes.includes(row.cell_class)) || out.boms.includes(row.bom_id);
  for (const row of rows) {
    if (asAWhole(row)) {
      if (take) keep.push(ref(row));
    } else if (!take) cells.push(ref(row));
  }
  return { ...out, cells, keep };
}

export function withBom(out: LeftOut, bomId: string, take: boolean): LeftOut {
  const others = (cell: Ref) => cell.bom_id !== bomId;
  const boms = out.boms.filter((one) => one !== bomId);
  return {
    ...out,
    boms: take ? boms : [...boms, bomId],
    cells: out.cells.filter(others),
    keep: out.keep.filter(others),
  };
}

/** Leave whole classes out and no others; single places of them need not be named any more. */
export const withClasses = (out: LeftOut, classes: readonly CellClass[]): LeftOut => ({ ...out, classes, keep: [] });

/** As a request names it; nothing where nothing is left out. */
export function leaveOutBody({ classes, boms, cells, keep }: LeftOut): Schema["LeaveOut"] | undefined {
  if (classes.length + boms.length + cells.length === 0) return undefined;
  return {
    ...(classes.length > 0 && { classes: [...classes] }),
    ...(boms.length > 0 && { bom_ids: [...boms] }),
    ...(cells.length > 0 && { cells: [...cells] }),
    ...(keep.length > 0 && { keep: [...keep] }),
  };
}

const fits = (out: LeftOut) => (["cells", "boms", "keep"] as const).every((name) => out[name].length <= MOST[name]);

export interface LeavingOut {
  out: LeftOut;
  lookup: Lookup;
  change: (make: (before: LeftOut) => LeftOut) => void;
  /** The last change was more than a request may name; it was not made. */
  tooMany: boolean;
}

const stored = (previewId: string) => `trueup.left-out.${previewId}`;

/** It lasts as long as the tab: a reload finds it again. `base`: what is left out before anybody has chosen. */
export function useLeavingOut(previewId: string, onChange: () => void, base: LeftOut = NOTHING): LeavingOut {
  const [out, setOut] = useState<LeftOut>(() => read(previewId, base));
  const [tooMany, setTooMany] = useState(false);
  const change = useCallback(
    (make: (before: LeftOut) => LeftOut) => {
      const next = make(out);
      setTooMany(!fits(next));
      if (!fits(next)) return;
      setOut(next);
      write(previewId, next);
      onChange();
    },
    [out, previewId, onChange],
  );
  return useMemo(() => ({ out, lookup: lookup(out), change, tooMany }), [out, change, tooMany]);
}

function read(previewId: string, base: LeftOut): LeftOut {
  try {
    return { ...base, ...(JSON.parse(sessionStorage.getItem(stored(previewId)) ?? "{}") as Partial<LeftOut>) };
  } catch {
    return base;
  }
}

function write(previewId: string, out: LeftOut): void {
  try {
    sessionStorage.setItem(stored(previewId), JSON.stringify(out));
  } catch {
    // A browser may refuse storage to a page inside another one's frame: then it lasts as long as the dialog.
  }
}
