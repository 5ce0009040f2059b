/** Missed webhooks: the evidence, what became of each, and a person's say in it. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { count, dateTime, percent } from "../formats";
import { Banner, Card, Figures, FilterBar, Page, Select, Skeleton, Stack, Text } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { MorePages } from "../parts/MorePages";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { Breaker } from "./Breaker";
import { DriftChart } from "./DriftChart";
import { DriftTable } from "./DriftTable";
import { PolicyForm } from "./PolicyForm";
import { type DriftFigures, driftListQuery, type DriftState } from "./queries";
import { Sweep } from "./Sweep";

export default function DriftPage() {
  const [state, setState] = useState<DriftState | "">("");
  const found = useInfiniteQuery(driftListQuery(state));
  const figures = found.data?.pages[0];
  const items = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={T.drift.title} subtitle={T.drift.intro}>
      {found.error !== null && found.data === undefined && <TroubleNote trouble={found.error} again={() => void found.refetch()} />}
      {figures !== undefined && (
        <>
          {figures.breaker !== null && <Breaker breaker={figures.breaker} />}
          {figures.silent_since !== null && (
            <Banner tone="warning">{T.drift.silence(dateTime(figures.silent_since), figures.expected_webhooks ?? 0)}</Banner>
          )}
          <Card>
            <Stack gap="400">
              <Told figures={figures} />
              <Sweep figures={figures} />
            </Stack>
          </Card>
        </>
      )}
      <Card flush>
        <FilterBar>
          <Select
            label={T.drift.filter}
            options={Object.entries(T.drift.filters).map(([value, label]) => ({ value, label }))}
            value={state}
            onChange={(value) => setState(value as DriftState | "")}
          />
        </FilterBar>
        {found.data === undefined ? (
          found.error === null && <Skeleton label={T.loading} lines={6} />
        ) : items.length === 0 ? (
          <EmptyNote title={T.drift.emptyTitle} text={state === "" ? T.drift.emptyText : T.preview.noRows} />
        ) : (
          <DriftTable items={items} />
        )}
        <MorePages found={found} title={T.drift.more} />
      </Card>
      <Card>
        <DriftChart />
      </Card>
      <Card>
        <PolicyForm />
      </Card>
    </Page>
  );
}

function Told({ figures }: { figures: DriftFigures }) {
  const told = [
    { label: T.drift.unrepaired, value: count(figures.unrepaired_cells) },
    { label: T.drift.missed, value: count(figures.missed) },
    { label: T.drift.late, value: count(figures.late) },
    { label: T.drift.received, value: count(figures.received) },
    { label: T.drift.loss, value: percent(figures.webhook_loss_ratio) },
  ];
  return (
    <Stack gap="300">
      <Figures figures={told} />
      <Text tone="subdued">
        {T.drift.lastSweep(figures.last_sweep_at === null ? T.drift.never : dateTime(figures.last_sweep_at))}{" "}
        {T.drift.lastFull(figures.last_full_sweep_at === null ? T.drift.never : dateTime(figures.last_full_sweep_at))}
      </Text>
    </Stack>
  );
}
