/** The selection of the list: kept from page to page, and counted as it is at the service. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type BomFilter, type Bom, selectionQuery } from "../api/queries";
import { T } from "../texts";
import { selectionOfAll } from "./filter";
import { type Chosen, EVERYTHING, isChosen, mayLieOutside, MOST_LEFT_OUT, NOTHING, scopeOf, selectionFor, withPage } from "./selection";

export interface ChosenBoms {
  chosen: Chosen;
  /** How many BOMs; exact once the service has answered. */
  number: number;
  /** Those of them that the list does not show, since it is narrowed to others. */
  outside: number;
  /** What became of an earlier selection. */
  told: string | null;
  onThisPage: ReadonlySet<string>;
  tick: (ticked: ReadonlySet<string>) => void;
  all: () => void;
  clear: () => void;
}

export function useChosen(filter: BomFilter, items: readonly Bom[], total: number): ChosenBoms {
  const [chosen, setChosen] = useState(NOTHING);
  const [told, setTold] = useState<string | null>(null);
  const scope = scopeOf(filter);
  const counted = useCount(chosen, filter, total);
  const number = useRef(0);
  number.current = counted.number;

  const before = useRef(scope);
  useEffect(() => {
    if (before.current === scope) return;
    before.current = scope;
    // "All that match" was said of the list as it was: of another one nobody has said it.
    setTold(chosen.all ? T.list.dropped(number.current) : null);
    if (chosen.all) setChosen(NOTHING);
  }, [scope, chosen.all]);

  const page = useMemo(() => items.map((bom) => bom.bom_id), [items]);
  const onThisPage = useMemo(() => new Set(page.filter((bomId) => isChosen(chosen, bomId))), [page, chosen]);
  const tick = useCallback(
    (ticked: ReadonlySet<string>) => {
      const next = withPage(chosen, page, ticked);
      setTold(next === null ? T.list.tooManyLeftOut(MOST_LEFT_OUT) : null);
      if (next !== null) setChosen(next);
    },
    [chosen, page],
  );
  const choose = useCallback((next: Chosen) => {
    setTold(null);
    setChosen(next);
  }, []);
  const all = useCallback(() => choose(EVERYTHING), [choose]);
  const clear = useCallback(() => choose(NOTHING), [choose]);
  return { chosen, ...counted, told, onThisPage, tick, all, clear };
}

function useCount(chosen: Chosen, filter: BomFilter, total: number): { number: number; outside: number } {
  const { all, ids } = chosen;
  const allBut = all && ids.size > 0;
  const left = useQuery({
    ...selectionQuery(selectionFor(chosen, filter), null, total),
    enabled: allBut,
    placeholderData: keepPreviousData,
  });
  const among = useMemo(() => [...ids], [ids]);
  const found = useQuery({
    ...selectionQuery(selectionOfAll(filter, NOTHING.ids), among, total),
    enabled: mayLieOutside(chosen, filter),
    placeholderData: keepPreviousData,
  });
  if (allBut) return { number: left.isPlaceholderData ? total - ids.size : (left.data?.boms ?? total - ids.size), outside: 0 };
  if (all) return { number: total, outside: 0 };
  const inside = mayLieOutside(chosen, filter) ? found.data?.found : undefined;
  return { number: ids.size, outside: inside == null ? 0 : among.length - among.filter((id) => inside.includes(id)).length };
}
