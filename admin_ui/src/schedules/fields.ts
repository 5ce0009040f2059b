/** The form of a schedule: what is written into it, and the schedule it stands for. */
import type { Direction } from "../api/queries";
import { typedNumber } from "../formats";
import { T } from "../texts";
import type { Limits, Schedule, ScheduleIn, Timing, Weekday } from "./queries";

/** `as_is`: a selection that the form cannot show; it stays as it was set. */
export type Takes = "all" | "tag" | "as_is";

export interface Fields {
  name: string;
  enabled: boolean;
  does: "preview" | Direction;
  takes: Takes;
  tag: string;
  location: string;
  differences: Limits["differences"];
  move: string;
  share: string;
  kind: Timing["kind"];
  days: readonly Weekday[];
  at: string;
  minute: string;
  expression: string;
  zone: string;
  missed: NonNullable<ScheduleIn["missed"]>;
  url: string;
  secret: string;
}

export const WEEK: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const WORKING: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri"];

/** The largest number that a limit in units may be. */
export const MOST_MOVE = 2_000_000_000;

export function fieldsOf(schedule: Schedule | null): Fields {
  const timing = schedule?.timing;
  const limits = schedule?.limits;
  return {
    name: schedule?.name ?? "",
    enabled: schedule?.enabled ?? true,
    does: schedule?.direction ?? "preview",
    takes: takesOf(schedule),
    tag: schedule?.selection.filter?.tag ?? "",
    location: schedule?.selection.location_ids?.[0] ?? schedule?.selection.filter?.location_ids?.[0] ?? "",
    differences: limits?.differences ?? "safe",
    move: String(limits?.max_move ?? 1000),
    share: String(Math.round((limits?.max_share ?? 0.2) * 10_000) / 100),
    kind: timing?.kind ?? "weekly",
    days: timing?.kind === "weekly" ? timing.days : WORKING,
    at: timing?.kind === "daily" || timing?.kind === "weekly" ? timing.at : "02:00",
    minute: timing?.kind === "hourly" ? String(timing.minute) : "0",
    expression: timing?.kind === "cron" ? timing.expression : "0 3 * * 1",
    zone: schedule?.time_zone ?? "",
    missed: schedule?.missed ?? "run_once",
    url: schedule?.target?.url ?? "",
    secret: "",
  };
}

function takesOf(schedule: Schedule | null): Takes {
  if (schedule === null) return "all";
  const { bom_ids: ids, filter, location_ids: places } = schedule.selection;
  const one = (list: readonly string[] | null | undefined) => (list?.length ?? 0) <= 1;
  if (ids === "all" && one(places)) return "all";
  const { tag, location_ids: filtered, ...others } = filter ?? {};
  const plain = Object.values(others as Record<string, unknown>).every((value) => value === null);
  return tag != null && plain && one(filtered) ? "tag" : "as_is";
}

const shareOf = (text: string): number => (/^[0-9]+([.,][0-9]+)?$/.test(text) ? Number(text.replace(",", ".")) : Number.NaN);

/** What is wrong, by field; empty where nothing is. */
export function wrongIn(fields: Fields, before: Schedule | null): Partial<Record<keyof Fields, string>> {
  const wrong: Partial<Record<keyof Fields, string>> = wrongTiming(fields);
  if (fields.name.trim() === "") wrong.name = T.schedules.needsName;
  if (fields.takes === "tag" && fields.tag.trim() === "") wrong.tag = T.schedules.needsTag;
  if (fields.does !== "preview") {
    const move = typedNumber(fields.move);
    const share = shareOf(fields.share);
    if (move === null || move < 1 || move > MOST_MOVE) wrong.move = T.drift.wholeNumber(MOST_MOVE);
    if (!(share >= 0 && share <= 100)) wrong.share = T.drift.shareNumber;
  }
  if (fields.url !== "" && !fields.url.startsWith("https://")) wrong.url = T.schedules.needsUrl;
  const known = before?.target != null && fields.secret === "";
  if (fields.url !== "" && !known && fields.secret.length < 16) wrong.secret = T.schedules.needsSecret;
  return wrong;
}

/** What is wrong with the moments alone. */
export function wrongTiming(fields: Fields): Partial<Record<keyof Fields, string>> {
  const atATime = fields.kind === "daily" || fields.kind === "weekly";
  if (atATime && !/^\d\d:\d\d$/.test(fields.at)) return { at: T.schedules.needsTime };
  if (fields.kind === "weekly" && fields.days.length === 0) return { days: T.schedules.needsDay };
  if (fields.kind === "hourly" && !/^[0-5]?[0-9]$/.test(fields.minute)) return { minute: T.schedules.needsMinute };
  if (fields.kind === "cron" && fields.expression.trim().split(/\s+/).length !== 5) return { expression: T.schedules.needsCron };
  return {};
}

export function scheduleOf(fields: Fields, before: Schedule | null): ScheduleIn {
  const previews = fields.does === "preview";
  return {
    name: fields.name.trim(),
    enabled: fields.enabled,
    action: previews ? "preview" : "reconcile",
    direction: fields.does === "preview" ? null : fields.does,
    selection: selectionOf(fields, before),
    options: previews ? {} : (before?.options ?? {}),
    limits: previews
      ? undefined
      : { differences: fields.differences, max_move: typedNumber(fields.move) ?? 1, max_share: shareOf(fields.share) / 100 },
    timing: timingOf(fields),
    time_zone: zoneOf(fields),
    missed: fields.missed,
    target: fields.url === "" ? null : { url: fields.url, secret: fields.secret === "" ? null : fields.secret },
  };
}

function selectionOf(fields: Fields, before: Schedule | null): ScheduleIn["selection"] {
  const places = fields.location === "" ? {} : { location_ids: [fields.location] };
  if (fields.takes === "as_is" && before !== null) return before.selection;
  if (fields.takes === "tag") return { filter: { tag: fields.tag.trim(), ...places } };
  return { bom_ids: "all", ...places };
}

/** None: the shop's own. */
export const zoneOf = (fields: Fields): string | null => (fields.zone.trim() === "" ? null : fields.zone.trim());

export function timingOf(fields: Fields): Timing {
  if (fields.kind === "hourly") return { kind: "hourly", minute: Number(fields.minute) };
  if (fields.kind === "cron") return { kind: "cron", expression: fields.expression.trim() };
  if (fields.kind === "weekly") return { kind: "weekly", days: WEEK.filter((day) => fields.days.includes(day)), at: fields.at };
  return { kind: "daily", at: fields.at };
}
