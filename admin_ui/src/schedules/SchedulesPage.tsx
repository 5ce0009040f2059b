/** What runs by itself: previews and reconciles at set times. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { locationsQuery } from "../api/queries";
import { Badge, Button, Card, type Column, Inline, Menu, Named, Page, Skeleton, Table } from "../kit";
import { EmptyNote } from "../parts/EmptyNote";
import { TroubleNote } from "../parts/TroubleNote";
import { T } from "../texts";
import { type Schedule, schedulesQuery } from "./queries";
import { RunNowDialog } from "./RunNowDialog";
import { RunsDialog } from "./RunsDialog";
import { ScheduleDialog } from "./ScheduleDialog";
import { WaitingRun } from "./WaitingRun";
import { inZone, whatItDoes, whatItTakes, whenItRuns, withinLimits } from "./words";

type What = "edit" | "runs" | "look" | "now";
type Open = { what: "new" } | { what: What; schedule: Schedule };

export default function SchedulesPage() {
  const found = useQuery(schedulesQuery);
  const locations = useQuery(locationsQuery);
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const places = new Map(locations.data?.items.map((place) => [place.location_id, place.name]));
  const add = { label: T.schedules.add, onPress: () => setOpen({ what: "new" }) };
  const schedules = found.data?.items ?? [];
  return (
    <Page title={T.schedules.title} subtitle={T.schedules.intro} primary={schedules.length > 0 ? add : undefined}>
      {found.data?.waiting.map((run) => (
        <WaitingRun key={run.run_id} run={run} />
      ))}
      <Card flush>
        {found.data === undefined ? (
          found.error === null ? (
            <Skeleton label={T.loading} lines={4} />
          ) : (
            <TroubleNote trouble={found.error} again={() => void found.refetch()} />
          )
        ) : schedules.length === 0 ? (
          <EmptyNote title={T.schedules.emptyTitle} text={T.schedules.emptyText} action={<Button onPress={add.onPress}>{add.label}</Button>} />
        ) : (
          <Schedules
            schedules={schedules}
            zone={found.data.shop_time_zone}
            places={places}
            onOpen={(what, schedule) => setOpen({ what, schedule })}
          />
        )}
      </Card>
      {open?.what === "runs" && <RunsDialog schedule={open.schedule} onClose={close} />}
      {(open?.what === "look" || open?.what === "now") && (
        <RunNowDialog schedule={open.schedule} lookFirst={open.what === "look"} onClose={close} />
      )}
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

interface SchedulesProps {
  schedules: readonly Schedule[];
  zone: string | null;
  places: ReadonlyMap<string, string>;
  onOpen: (what: What, schedule: Schedule) => void;
}

function Schedules({ schedules, zone, places, onOpen }: SchedulesProps) {
  const titles = T.schedules.columns;
  const columns: Column<Schedule>[] = [
    { name: "name", title: titles.name, cell: (schedule) => <Named strong name={schedule.name} /> },
    {
      name: "does",
      title: titles.does,
      cell: (schedule) => (
        <Named
          name={whatItDoes(schedule)}
          detail={[whatItTakes(schedule, places), withinLimits(schedule)].filter((text) => text !== undefined).join(". ")}
        />
      ),
    },
    { name: "when", title: titles.when, cell: (schedule) => whenItRuns(schedule, zone) },
    {
      name: "next",
      title: titles.next,
      cell: (schedule) => (schedule.enabled ? <Next schedule={schedule} zone={schedule.time_zone ?? zone} /> : <Badge>{T.schedules.off}</Badge>),
    },
    {
      name: "actions",
      title: titles.actions,
      cell: (schedule) => (
        <Inline gap="200">
          <Button aria-label={T.schedules.editOf(schedule.name)} onPress={() => onOpen("edit", schedule)}>
            {T.schedules.edit}
          </Button>
          <Button aria-label={T.schedules.runsOf(schedule.name)} onPress={() => onOpen("runs", schedule)}>
            {T.schedules.runs}
          </Button>
          {schedule.direction !== null && (
            <Menu
              label={T.schedules.now}
              name={T.schedules.nowOf(schedule.name)}
              items={[
                { label: T.schedules.look, onAction: () => onOpen("look", schedule) },
                { label: T.schedules.runWithin, onAction: () => onOpen("now", schedule) },
              ]}
            />
          )}
        </Inline>
      ),
    },
  ];
  return <Table label={T.schedules.title} columns={columns} rows={schedules} rowKey={(schedule) => schedule.schedule_id} />;
}

/** The next run, and the two after it, by the clock of its zone. */
function Next({ schedule, zone }: { schedule: Schedule; zone: string | null }) {
  const [first, ...more] = schedule.coming.map((moment) => inZone(moment, zone));
  if (first === undefined) return <>{schedule.next_at === null ? T.dash : inZone(schedule.next_at, zone)}</>;
  return <Named name={first} detail={more.length === 0 ? undefined : T.schedules.then(more.join("; "))} />;
}
