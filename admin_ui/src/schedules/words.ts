/** A schedule in words. */
import { boms, DIRECTIONS, T } from "../texts";
import type { Schedule } from "./queries";

export function whatItDoes(schedule: Schedule): string {
  if (schedule.action === "preview" || schedule.direction === null) return T.schedules.actions.preview;
  return DIRECTIONS[schedule.direction].title;
}

export function whenItRuns({ timing, time_zone: zone }: Schedule, shopZone: string | null): string {
  const where = zone ?? shopZone ?? T.schedules.shopZone;
  if (timing.kind === "daily") return T.schedules.daily(timing.at, where);
  if (timing.kind === "hourly") return T.schedules.hourly(timing.minute);
  return T.schedules.cron(timing.expression, where);
}

export function whatItTakes({ selection }: Schedule, places: ReadonlyMap<string, string>): string {
  const { bom_ids: ids, cells, filter } = selection;
  if (ids === "all") {
    const names = selection.location_ids?.map((id) => places.get(id) ?? id) ?? [];
    return names.length === 0 ? T.schedules.everything : T.schedules.everythingAt(names.join(", "));
  }
  const but = filter?.except_bom_ids?.length ?? 0;
  if (filter?.tag != null) return T.schedules.but(T.schedules.tagged(filter.tag), but);
  if (filter != null) return T.schedules.but(T.schedules.filtered, but);
  return cells == null ? boms(ids?.length ?? 0) : T.schedules.cells(cells.length);
}
