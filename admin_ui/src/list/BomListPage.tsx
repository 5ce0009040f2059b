/** The bills of materials with their values by location; where a merchant selects what to reconcile. */
import { usePrefetchQuery, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useDeferredValue, useMemo, useState } from "react";
import { useParams } from "../address";
import { type Bom, bomsQuery, facetsQuery, locationsQuery, PAGE } from "../api/queries";
import { CellPopover, type OpenCell } from "../cell/CellPopover";
import { Banner, Button, Card, Outside, Page, Skeleton, Text, useNarrow } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { Pager } from "../parts/Pager";
import { TroubleNote } from "../parts/TroubleNote";
import { keepChosen } from "../reconcile/kept";
import { boms as bomsText, T } from "../texts";
import styles from "./BomListPage.module.css";
import { BomTable } from "./BomTable";
import { BulkBar } from "./BulkBar";
import { ClosedPlace } from "./ClosedPlace";
import { filterOf, isFiltered } from "./filter";
import { Filters, placeName } from "./Filters";
import { Notices } from "./Notices";
import { PlaceChoice } from "./PlaceChoice";
import { fitting, keepPlaces, keptPlaces, type Place, shownPlaces, useWidth } from "./places";
import { selectionFor } from "./selection";
import { stepsQuery, useAbove } from "./useAbove";
import { useChosen } from "./useChosen";
import { useLiveBoms } from "./useLiveBoms";

const FirstSteps = lazy(() => import("../start/FirstSteps"));
const NO_BOMS: readonly Bom[] = [];
const NO_PLACES: readonly Place[] = [];

export function BomListPage() {
  const [params] = useParams();
  // The rows are asked for together with what stands above them.
  usePrefetchQuery(bomsQuery(filterOf(params), offsetOf(params)));
  usePrefetchQuery(facetsQuery);
  usePrefetchQuery(locationsQuery);
  if (!useAbove()) return <Coming />;
  return (
    <Suspense fallback={<Coming />}>
      <List />
    </Suspense>
  );
}

const offsetOf = (params: URLSearchParams) => Math.max(0, Math.floor(Number(params.get("from") ?? "0")) || 0);

function List() {
  const [params, change] = useParams();
  const filter = useMemo(() => filterOf(params), [params]);
  const offset = offsetOf(params);
  const found = useQuery(bomsQuery(filter, offset));
  const facets = useQuery(facetsQuery);
  const locations = useQuery(locationsQuery);
  const [open, setOpen] = useState<OpenCell | null>(null);
  const narrow = useNarrow();
  const steps = useQuery(stepsQuery).data;
  const [card, width] = useWidth();
  const [columns, setColumns] = useState(keptPlaces);

  // What was asked for is seen to be on its way before a page of values is drawn, which takes longer than a frame.
  const data = useDeferredValue(found.data);
  const listed = data?.items ?? NO_BOMS;
  const items = useLiveBoms(listed, filter.location, params.has("reconcile"));
  const total = data?.total ?? 0;
  const isDrawing = data !== found.data;
  const { chosen, number, outside, told, onThisPage, tick, all, clear } = useChosen(filter, items, total);

  const narrowTo = useCallback(
    (changes: Record<string, string>) => change({ ...changes, from: null }, { replace: true }),
    [change],
  );
  const goTo = useCallback((from: number) => change({ from: from > 0 ? String(from) : null }), [change]);
  const places = locations.data?.items ?? NO_PLACES;
  const here = places.find((place) => place.location_id === filter.location);
  const mine = useMemo(
    () => (filter.location === "" ? places : places.filter((place) => place.location_id === filter.location)),
    [places, filter.location],
  );
  const fit = fitting(width, mine.length);
  const shown = useMemo(() => shownPlaces(mine, columns, fit), [mine, columns, fit]);
  const chooseColumns = (ids: readonly string[]) => {
    keepPlaces(ids);
    setColumns(ids);
  };

  const place = filter.location === "" ? null : here === undefined ? T.list.unknownPlace : placeName(here);
  const wholePage = items.length > 0 && onThisPage.size === items.length;
  const but = chosen.all ? chosen.ids.size : 0;
  const reconcile = () => {
    const what = but > 0 ? `${bomsText(number)} (${T.list.allBut(number + but, but)})` : bomsText(number);
    keepChosen({ selection: selectionFor(chosen, filter), words: place === null ? what : T.list.at(what, place) });
    change({ reconcile: "choose", preview: null, direction: null, job: null });
  };

  return (
    <Page title={T.list.title}>
      <Notices />
      {steps !== undefined && !steps.ran && <FirstSteps known={steps} />}
      {filter.location !== "" && locations.data !== undefined && (
        <ClosedPlace place={here} onShowAll={() => narrowTo({ location: "" })} />
      )}
      {told !== null && (
        <div role="status">
          <Banner tone="info" title={told} />
        </div>
      )}
      <Card flush>
        <div ref={card} />
        <Filters filter={filter} facets={facets.data} locations={locations.data?.items} onChange={narrowTo} />
        {!narrow && width > 0 && fit < mine.length && <PlaceChoice places={mine} shown={shown} fit={fit} onChoose={chooseColumns} />}
        {number > 0 && (
          <BulkBar
            picked={number}
            total={total}
            all={chosen.all}
            but={but}
            outside={outside}
            place={place}
            offerAll={wholePage && total > number}
            onAll={all}
            onClear={clear}
            onReconcile={reconcile}
          />
        )}
        <div aria-busy={found.isFetching || isDrawing} className={found.isPlaceholderData || isDrawing ? styles.stale : undefined}>
          {found.error !== null && found.data === undefined ? (
            <TroubleNote trouble={found.error} again={() => void found.refetch()} />
          ) : data === undefined || width === 0 ? (
            <Skeleton label={T.loading} lines={8} />
          ) : total === 0 ? (
            <NothingFound
              filtered={isFiltered(filter)}
              onClear={() => narrowTo({ q: "", class: "", location: "", tracks: "", tag: "" })}
            />
          ) : (
            <BomTable boms={items} shown={shown} many={mine.length} picked={onThisPage} onPick={tick} onOpen={setOpen} />
          )}
        </div>
        {total > 0 && (
          <Pager
            offset={offset}
            shown={items.length}
            size={PAGE}
            total={total}
            onGo={goTo}
          />
        )}
      </Card>
      {data !== undefined && (
        <Outside>
          <Text tone="subdued">{T.list.known}</Text>
        </Outside>
      )}
      {open !== null && <CellPopover open={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

/** What is above the list, or the list itself, is on its way: drawn as a whole once all of it is there. */
function Coming() {
  return (
    <Page title={T.list.title}>
      <Card>
        <Skeleton label={T.loading} lines={12} />
      </Card>
    </Page>
  );
}

function NothingFound({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  if (!filtered) return <EmptyNote title={T.list.emptyTitle} text={T.list.emptyText} />;
  return <EmptyNote title={T.list.noneTitle} text={T.list.noneText} action={<Button onPress={onClear}>{T.list.clear}</Button>} />;
}
