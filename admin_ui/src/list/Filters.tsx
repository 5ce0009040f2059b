import { memo, useEffect, useRef, useState } from "react";
import type { Schema } from "../api/client";
import type { BomFilter, CellClass } from "../api/queries";
import { count } from "../formats";
import { FilterBar, SearchBox, Select } from "../kit";
import { CLASS_NAMES, T } from "../texts";

/** After the last key; a search is one request, not one per letter. */
const TYPING = 200;

interface FiltersProps {
  filter: BomFilter;
  facets: Schema["BomFacetsOut"] | undefined;
  locations: readonly Schema["LocationOut"][] | undefined;
  onChange: (changes: Record<string, string>) => void;
}

/** By itself, as all that stands around the rows: choosing a row draws none of it anew. */
export const Filters = memo(function Filters({ filter, facets, locations, onChange }: FiltersProps) {
  const [typed, setTyped] = useState(filter.search);
  const sent = useRef(filter.search);
  useEffect(() => {
    // Changed from elsewhere: the back button, or the filters were cleared.
    if (filter.search !== sent.current) setTyped(filter.search);
    sent.current = filter.search;
  }, [filter.search]);
  useEffect(() => {
    if (typed.trim() === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = typed.trim();
      onChange({ q: typed.trim() });
    }, TYPING);
    return () => clearTimeout(timer);
  }, [typed, onChange]);

  const byClass = new Map(facets?.classes.map((entry) => [entry.cell_class, entry.boms]));
  const withCount = (label: string, number: number | undefined) => (number === undefined ? label : `${label} (${count(number)})`);
  const all = { label: T.list.all, value: "" };
  const classes = [
    all,
    { label: withCount(T.list.differs, facets?.differ), value: "differs" },
    ...(Object.keys(CLASS_NAMES) as CellClass[]).map((name) => ({
      label: withCount(CLASS_NAMES[name], byClass.get(name)),
      value: name,
    })),
  ];
  const places = (locations ?? []).map((place) => ({ label: placeName(place), value: place.location_id }));
  if (filter.location !== "" && locations !== undefined && !places.some((place) => place.value === filter.location)) {
    places.push({ label: T.list.unknownPlace, value: filter.location });
  }
  const tags: { label: string; value: string; disabled?: boolean }[] = (facets?.tags ?? []).map(({ tag, count: number }) => ({
    label: withCount(tag, number),
    value: tag,
  }));
  if (filter.tag !== "" && !tags.some((tag) => tag.value === filter.tag)) tags.push({ label: filter.tag, value: filter.tag });
  const moreTags = facets?.more_tags ?? 0;
  // No tag holds a line break.
  if (moreTags > 0) tags.push({ label: T.list.moreTags(moreTags), value: "\n", disabled: true });

  const set = [filter.class, filter.location, filter.tracks, filter.tag].filter((value) => value !== "").length;
  return (
    <FilterBar
      toggle={set === 0 ? T.list.filters : `${T.list.filters} (${count(set)})`}
      search={
        <SearchBox
          label={T.list.search}
          placeholder={T.list.searchHint}
          maxLength={200}
          value={typed}
          onChange={setTyped}
          isPending={typed.trim() !== filter.search}
        />
      }
    >
      <Select label={T.list.filterClass} options={classes} value={filter.class} onChange={(value) => onChange({ class: value })} />
      <Select
        label={T.list.filterLocation}
        options={[all, ...places]}
        value={filter.location}
        onChange={(value) => onChange({ location: value })}
      />
      <Select
        label={T.list.filterTracks}
        options={[
          all,
          { label: withCount(T.list.tracks, facets?.tracking), value: "true" },
          { label: withCount(T.list.tracksNot, facets?.not_tracking), value: "false" },
        ]}
        value={filter.tracks}
        onChange={(value) => onChange({ tracks: value })}
      />
      <Select label={T.list.filterTag} options={[all, ...tags]} value={filter.tag} onChange={(value) => onChange({ tag: value })} />
      <Select
        label={T.list.sort}
        options={Object.entries(T.list.sorts).map(([value, label]) => ({ value, label }))}
        value={filter.sort}
        onChange={(value) => onChange({ sort: value })}
      />
    </FilterBar>
  );
});

/** A place by its name, and what keeps its values from being compared. */
export function placeName(place: Schema["LocationOut"]): string {
  if (!place.active) return `${place.name} (${T.list.closed})`;
  return place.fulfillment_service ? `${place.name} (${T.list.notKeptHere})` : place.name;
}
