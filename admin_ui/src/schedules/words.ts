/** A schedule and its runs in words. */
import { count, LOCALE, percent } from "../formats";
import { boms, DIRECTIONS, T } from "../texts";
import { type Run, type Schedule, type Weekday } from "./queries";
import { WEEK } from "./fields";

export function whatItDoes(schedule: Schedule): string {
  if (schedule.action === "preview" || schedule.direction === null) return T.schedules.actions.preview;
  return DIRECTIONS[schedule.direction].title;
}

export function whenItRuns({ timing, time_zone: zone }: Schedule, shopZone: string | null): string {
  const where = zone ?? shopZone ?? T.schedules.shopZone;
  if (timing.kind === "weekly") return T.schedules.weekly(daysInWords(timing.days), timing.at, where);
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

/** Days in a row are told by the first and the last: Mon–Fri. */
function daysInWords(days: readonly Weekday[]): string {
  const names = T.schedules.weekdays;
  const [first, last] = [days[0], days[days.length - 1]];
  if (first === undefined || last === undefined) return T.dash;
  const inARow = WEEK.indexOf(last) - WEEK.indexOf(first) === days.length - 1;
  return inARow && days.length > 2 ? `${names[first]}–${names[last]}` : days.map((day) => names[day]).join(", ");
}

/** What a schedule may do without a person. */
export function withinLimits({ direction, limits }: Schedule): string | undefined {
  return direction === null ? undefined : T.schedules.within(limits.differences, count(limits.max_move), percent(limits.max_share));
}

/** A moment as the clock shows it in a zone, with the day of the week. */
export const inZone = (iso: string, zone: string | null | undefined): string =>
  new Intl.DateTimeFormat(LOCALE, {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    ...(zone != null && { timeZone: zone }),
  }).format(new Date(iso));

/** Why a run waits for a person: what was found, and the limit that it passes. */
export function whyItWaits({ waits_for: why, plan, limits }: Run): string {
  if (why === null || plan === null || limits === null) return "";
  if (why === "move") return T.schedules.waits.move(count(plan.largest_move), count(limits.max_move));
  if (why === "share") {
    return T.schedules.waits.share(plan.places, plan.compared, percent(plan.places / plan.compared), percent(limits.max_share));
  }
  return T.schedules.waits[why];
}

/** Where a run stands, or how it ended. */
export function outcomeOf(run: Run): string {
  const told = run.outcome === null ? T.schedules.runStates[run.state] : T.schedules.outcomes[run.outcome];
  return run.reason === null ? told : `${told}: ${T.schedules.reasons[run.reason]}`;
}
