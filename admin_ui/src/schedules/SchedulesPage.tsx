/** What runs by itself: previews and reconciles at set times. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { locationsQuery } from "../api/queries";
import { dateTime } from "../formats";
import { Badge, BlockStack, Button, Card, InlineStack, Page, SkeletonBodyText } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { TableHead } from "../parts/TableHead";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { type Schedule, schedulesQuery } from "./queries";
import { RunsDialog } from "./RunsDialog";
import { ScheduleDialog } from "./ScheduleDialog";
import { whatItDoes, whatItTakes, whenItRuns } from "./words";

type Open = { what: "new" } | { what: "edit" | "runs"; schedule: Schedule };

export default function SchedulesPage() {
  const found = useQuery(schedulesQuery);
  const locations = useQuery(locationsQuery);
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const places = new Map(locations.data?.items.map((place) => [place.location_id, place.name]));
  const add = <Button onClick={() => setOpen({ what: "new" })}>{T.schedules.add}</Button>;
  const schedules = found.data?.items ?? [];
  return (
    <Page title={T.schedules.title} subtitle={T.schedules.intro} fullWidth>
      <BlockStack gap="400">
        <Card padding="0">
          {found.data === undefined ? (
            found.error === null ? (
              <div className="table-empty" role="status" aria-label={T.loading}>
                <SkeletonBodyText lines={4} />
              </div>
            ) : (
              <TroubleNote trouble={found.error} again={() => void found.refetch()} />
            )
          ) : schedules.length === 0 ? (
            <EmptyNote title={T.schedules.emptyTitle} text={T.schedules.emptyText} action={add} />
          ) : (
            <Table
              schedules={schedules}
              zone={found.data.shop_time_zone}
              places={places}
              onOpen={(what, schedule) => setOpen({ what, schedule })}
            />
          )}
        </Card>
        {schedules.length > 0 && (
          <div className="outside">
            <InlineStack>{add}</InlineStack>
          </div>
        )}
      </BlockStack>
      {open?.what === "runs" && <RunsDialog schedule={open.schedule} onClose={close} />}
      {(open?.what === "new" || open?.what === "edit") && (
        <ScheduleDialog
          schedule={open.what === "edit" ? open.schedule : null}
          shopZone={found.data?.shop_time_zone ?? null}
          locations={locations.data?.items ?? []}
          onClose={close}
        />
      )}
    </Page>
  );
}

interface TableProps {
  schedules: readonly Schedule[];
  zone: string | null;
  places: ReadonlyMap<string, string>;
  onOpen: (what: "edit" | "runs", schedule: Schedule) => void;
}

function Table({ schedules, zone, places, onOpen }: TableProps) {
  const titles = T.schedules.columns;
  return (
    <table className="boms runs" role="table" aria-label={T.schedules.title}>
      <TableHead titles={titles} />
      <tbody role="rowgroup">
        {schedules.map((schedule) => (
          <tr key={schedule.schedule_id} role="row">
            <th role="rowheader" scope="row">
              <span className="boms-name">{schedule.name}</span>
            </th>
            <td role="cell" data-title={titles.does}>
              {whatItDoes(schedule)}
              <span className="boms-id">{whatItTakes(schedule, places)}</span>
            </td>
            <td role="cell" data-title={titles.when}>
              {whenItRuns(schedule, zone)}
            </td>
            <td role="cell" data-title={titles.next}>
              {schedule.enabled ? dateTime(schedule.next_at) : <Badge>{T.schedules.off}</Badge>}
            </td>
            <td role="cell" data-title={titles.actions}>
              <InlineStack gap="200">
                <Button accessibilityLabel={T.schedules.editOf(schedule.name)} onClick={() => onOpen("edit", schedule)}>
                  {T.schedules.edit}
                </Button>
                <Button accessibilityLabel={T.schedules.runsOf(schedule.name)} onClick={() => onOpen("runs", schedule)}>
                  {T.schedules.runs}
                </Button>
              </InlineStack>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
