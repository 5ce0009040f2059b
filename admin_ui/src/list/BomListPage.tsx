/** The bills of materials with their values by location; where a merchant selects what to reconcile. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import { useParams } from "../address";
import { type Bom, bomsQuery, facetsQuery, locationsQuery, PAGE } from "../api/queries";
import { CellPopover, type OpenCell } from "../cell/CellPopover";
import { Button, Card, Outside, Page, Skeleton, Text } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { Pager } from "../parts/Pager";
import { TroubleNote } from "../parts/TroubleNote";
import { keepChosen } from "../reconcile/kept";
import { boms as bomsText, T } from "../texts";
import { BomTable } from "./BomTable";
import { BulkBar } from "./BulkBar";
import { filterOf, isFiltered, selectionOf, selectionOfAll } from "./filter";
import { Filters } from "./Filters";
import styles from "./BomListPage.module.css";
import { Notices } from "./Notices";

const NONE: ReadonlySet<string> = new Set();
const NO_BOMS: readonly Bom[] = [];

export function BomListPage() {
  const [params, change] = useParams();
  const filter = useMemo(() => filterOf(params), [params]);
  const offset = Math.max(0, Math.floor(Number(params.get("from") ?? "0")) || 0);
  const found = useQuery(bomsQuery(filter, offset));
  const facets = useQuery(facetsQuery);
  const locations = useQuery(locationsQuery);
  const [picked, setPicked] = useState<ReadonlySet<string>>(NONE);
  const [all, setAll] = useState(false);
  const [open, setOpen] = useState<OpenCell | null>(null);

  // What was asked for is seen to be on its way before a page of values is drawn, which takes longer than a frame.
  const data = useDeferredValue(found.data);
  const items = data?.items ?? NO_BOMS;
  const total = data?.total ?? 0;
  const isDrawing = data !== found.data;

  const clear = useCallback(() => {
    setPicked(NONE);
    setAll(false);
  }, []);
  const narrow = useCallback(
    (changes: Record<string, string>) => {
      // What is selected would no longer be what is seen.
      clear();
      change({ ...changes, from: null }, { replace: true });
    },
    [change, clear],
  );
  const pick = useCallback(
    (chosen: ReadonlySet<string> | "all") => {
      setAll(false);
      const page = items.map((bom) => bom.bom_id);
      setPicked((before) => {
        const next = new Set(before);
        for (const bomId of page) {
          if (chosen === "all" || chosen.has(bomId)) next.add(bomId);
          else next.delete(bomId);
        }
        return next;
      });
    },
    [items],
  );
  const pickedHere = useMemo(() => new Set(items.map((bom) => bom.bom_id).filter((bomId) => picked.has(bomId))), [items, picked]);
  const wholePage = items.length > 0 && pickedHere.size === items.length;
  const reconcile = () => {
    const selection = all ? selectionOfAll(filter) : selectionOf(picked, filter);
    keepChosen({ selection, words: bomsText(all ? total : picked.size) });
    change({ reconcile: "choose", preview: null, direction: null, job: null });
  };

  return (
    <Page title={T.list.title}>
      <Notices />
      <Card flush>
        <Filters filter={filter} facets={facets.data} locations={locations.data?.items} onChange={narrow} />
        {(picked.size > 0 || all) && (
          <BulkBar
            picked={all ? total : picked.size}
            total={total}
            all={all}
            offerAll={wholePage && total > picked.size}
            onAll={() => setAll(true)}
            onClear={clear}
            onReconcile={reconcile}
          />
        )}
        <div aria-busy={found.isFetching || isDrawing} className={found.isPlaceholderData || isDrawing ? styles.stale : undefined}>
          {found.error !== null && found.data === undefined ? (
            <TroubleNote trouble={found.error} again={() => void found.refetch()} />
          ) : data === undefined ? (
            <Skeleton label={T.loading} lines={8} />
          ) : total === 0 ? (
            <NothingFound filtered={isFiltered(filter)} onClear={() => narrow({ q: "", class: "", location: "", tracks: "", tag: "" })} />
          ) : (
            <BomTable boms={items} picked={all ? "all" : pickedHere} onPick={pick} onOpen={setOpen} />
          )}
        </div>
        {total > 0 && (
          <Pager
            offset={offset}
            shown={items.length}
            size={PAGE}
            total={total}
            onGo={(from) => change({ from: from > 0 ? String(from) : null })}
          />
        )}
      </Card>
      <Outside>
        <Text tone="subdued">{T.list.known}</Text>
      </Outside>
      {open !== null && <CellPopover open={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function NothingFound({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  if (!filtered) return <EmptyNote title={T.list.emptyTitle} text={T.list.emptyText} />;
  return <EmptyNote title={T.list.noneTitle} text={T.list.noneText} action={<Button onPress={onClear}>{T.list.clear}</Button>} />;
}
