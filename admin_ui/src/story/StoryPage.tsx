/** The life of a number: why it is what it is, told from the newest on. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useLocation } from "wouter";
import { href, useParams } from "../address";
import { locationsQuery } from "../api/queries";
import { Trouble } from "../api/trouble";
import { count } from "../formats";
import { Card, DateRange, Figures, FilterBar, Outside, Page, Select, Skeleton } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { MorePages } from "../parts/MorePages";
import { SaveButton } from "../parts/SaveButton";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { cellQuery, type StoryFilter, storyExport, storyQuery } from "./queries";
import { StoryList } from "./StoryList";

interface StoryPageProps {
  bomId: string;
  locationId: string;
}

export default function StoryPage({ bomId, locationId }: StoryPageProps) {
  const [params, change] = useParams();
  const [, navigate] = useLocation();
  const filter = useMemo(() => filterOf(params), [params]);
  const cell = useQuery(cellQuery(bomId, locationId));
  const places = useQuery(locationsQuery);
  const found = useInfiniteQuery(storyQuery(bomId, locationId, filter));
  const place = places.data?.items.find((one) => one.location_id === locationId)?.name ?? locationId;
  const events = found.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Object.values(filter).some((value) => value !== "");
  // Of a product that was removed there is a story, and no number any more.
  const gone = cell.error instanceof Trouble && cell.error.kind === "missing";
  const known = cell.data !== undefined || gone;
  const value = cell.data?.local_value ?? null;
  // Where one has come from, with what was open there.
  const back = () => (window.history.length > 1 ? window.history.back() : navigate(href("/")));
  return (
    <Page
      title={known ? T.story.title(value) : T.loading}
      subtitle={T.story.at(cell.data?.bom_name ?? bomId, place)}
      back={{ label: T.story.back, onPress: back }}
    >
      {cell.data !== undefined && (
        <Card>
          <Figures
            figures={[
              { label: T.story.local, value: count(value) },
              { label: T.story.shopify, value: count(cell.data.shopify_value) },
            ]}
          />
        </Card>
      )}
      <Card flush>
        <FilterBar>
          <Select
            label={T.story.group}
            options={[{ label: T.list.all, value: "" }, ...Object.entries(T.story.groups).map(([name, label]) => ({ value: name, label }))]}
            value={filter.group}
            onChange={(group) => change({ group }, { replace: true })}
          />
          <DateRange
            label={T.story.days}
            value={{ from: filter.since, to: filter.until }}
            onChange={({ from, to }) => change({ since: from, until: to }, { replace: true })}
          />
        </FilterBar>
        {found.error !== null && found.data === undefined ? (
          <TroubleNote trouble={found.error} again={() => void found.refetch()} />
        ) : found.data === undefined ? (
          <Skeleton label={T.loading} lines={6} />
        ) : events.length === 0 && !found.hasNextPage ? (
          <EmptyNote
            title={filtered ? T.story.noneTitle : T.story.emptyTitle}
            text={filtered ? T.story.noneText : T.story.emptyText}
          />
        ) : (
          <StoryList events={events} />
        )}
        <MorePages found={found} title={T.story.more} />
      </Card>
      <Outside>
        <SaveButton label={T.story.csv} path={storyExport(bomId, locationId, filter)} file={`history-${bomId}-${locationId}.csv`} />
      </Outside>
    </Page>
  );
}

function filterOf(params: URLSearchParams): StoryFilter {
  const group = params.get("group");
  return {
    group: group !== null && Object.hasOwn(T.story.groups, group) ? (group as StoryFilter["group"]) : "",
    since: params.get("since") ?? "",
    until: params.get("until") ?? "",
  };
}
