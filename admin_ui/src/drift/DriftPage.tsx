/** Missed webhooks: the evidence, what became of each, and a person's say in it. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { count, dateTime, percent } from "../formats";
import { Banner, BlockStack, Card, Page, Select, SkeletonBodyText, Text } from "../kit";
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
    <Page title={T.drift.title} subtitle={T.drift.intro} fullWidth>
      <BlockStack gap="400">
        {found.error !== null && found.data === undefined && (
          <TroubleNote trouble={found.error} again={() => void found.refetch()} />
        )}
        {figures !== undefined && (
          <>
            {figures.breaker !== null && <Breaker breaker={figures.breaker} />}
            {figures.silent_since !== null && (
              <Banner tone="warning">
                {T.drift.silence(dateTime(figures.silent_since), figures.expected_webhooks ?? 0)}
              </Banner>
            )}
            <Card>
              <BlockStack gap="400">
                <Figures figures={figures} />
                <Sweep figures={figures} />
              </BlockStack>
            </Card>
          </>
        )}
        <Card padding="0">
          <div className="filters filters-open">
            <Select
              label={T.drift.filter}
              options={Object.entries(T.drift.filters).map(([value, label]) => ({ value, label }))}
              value={state}
              onChange={(value) => setState(value as DriftState | "")}
            />
          </div>
          {found.data === undefined ? (
            found.error === null && (
              <div className="table-empty" role="status" aria-label={T.loading}>
                <SkeletonBodyText lines={6} />
              </div>
            )
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
      </BlockStack>
    </Page>
  );
}

function Figures({ figures }: { figures: DriftFigures }) {
  const told = [
    [T.drift.unrepaired, count(figures.unrepaired_cells)],
    [T.drift.missed, count(figures.missed)],
    [T.drift.late, count(figures.late)],
    [T.drift.received, count(figures.received)],
    [T.drift.loss, percent(figures.webhook_loss_ratio)],
  ] as const;
  return (
    <BlockStack gap="300">
      <ul className="figures">
        {told.map(([label, value]) => (
          <li key={label} className="figure">
            <span>{label}</span> <b>{value}</b>
          </li>
        ))}
      </ul>
      <Text as="p" tone="subdued">
        {T.drift.lastSweep(figures.last_sweep_at === null ? T.drift.never : dateTime(figures.last_sweep_at))}{" "}
        {T.drift.lastFull(figures.last_full_sweep_at === null ? T.drift.never : dateTime(figures.last_full_sweep_at))}
      </Text>
    </BlockStack>
  );
}
