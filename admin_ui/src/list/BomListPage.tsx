/** The bills of materials with their values by location; where a merchant selects what to reconcile. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import { useParams } from "../address";
import { bomsQuery, facetsQuery, locationsQuery, PAGE } from "../api/queries";
import { CellPopover, type OpenCell } from "../cell/CellPopover";
import { BlockStack, Button, Card, Page, SkeletonBodyText, Text } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { TroubleNote } from "../parts/TroubleNote";
import { keepChosen } from "../reconcile/kept";
import { boms as bomsText, T } from "../texts";
import { BomTable } from "./BomTable";
import { BulkBar } from "./BulkBar";
import { filterOf, isFiltered, selectionOf, selectionOfAll } from "./filter";
import { Filters } from "./Filters";
import { Notices } from "./Notices";
import { Pager } from "./Pager";

const NONE: ReadonlySet<string> = new Set();

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
  const items = data?.items ?? [];
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
  const toggle = useCallback((bomId: string) => {
    setAll(false);
    setPicked((before) => {
      const next = new Set(before);
      if (!next.delete(bomId)) next.add(bomId);
      return next;
    });
  }, []);
  const wholePage = items.length > 0 && items.every((bom) => picked.has(bom.bom_id));
  const togglePage = () => {
    setAll(false);
    const next = new Set(picked);
    for (const bom of items) {
      if (wholePage || all) next.delete(bom.bom_id);
      else next.add(bom.bom_id);
    }
    setPicked(next);
  };
  const reconcile = () => {
    const selection = all ? selectionOfAll(filter) : selectionOf(picked, filter);
    keepChosen({ selection, words: bomsText(all ? total : picked.size) });
    change({ reconcile: "choose", preview: null, direction: null, job: null, without: null });
  };

  return (
    <Page title={T.list.title} fullWidth>
      <BlockStack gap="400">
        <Notices />
        <Card padding="0">
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
          <div
            aria-busy={found.isFetching || isDrawing}
            className={found.isPlaceholderData || isDrawing ? "stale" : undefined}
          >
            {found.error !== null && found.data === undefined ? (
              <TroubleNote trouble={found.error} again={() => void found.refetch()} />
            ) : data === undefined ? (
              <div className="table-empty" role="status" aria-label={T.loading}>
                <SkeletonBodyText lines={8} />
              </div>
            ) : total === 0 ? (
              <NothingFound filtered={isFiltered(filter)} onClear={() => narrow({ q: "", class: "", location: "", tracks: "", tag: "" })} />
            ) : (
              <BomTable
                boms={items}
                picked={picked}
                all={all}
                wholePage={wholePage || all}
                onToggle={toggle}
                onTogglePage={togglePage}
                onOpen={setOpen}
              />
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
        <div className="outside">
          <Text as="p" tone="subdued">
            {T.list.known}
          </Text>
        </div>
      </BlockStack>
      {open !== null && <CellPopover open={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function NothingFound({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  if (!filtered) return <EmptyNote title={T.list.emptyTitle} text={T.list.emptyText} />;
  return (
    <EmptyNote
      title={T.list.noneTitle}
      text={T.list.noneText}
      action={<Button onClick={onClear}>{T.list.clear}</Button>}
    />
  );
}
