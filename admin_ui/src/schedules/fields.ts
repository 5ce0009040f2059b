/** The form of a schedule: what is written into it, and the schedule it stands for. */
import type { Direction } from "../api/queries";
import { T } from "../texts";
import type { Schedule, ScheduleIn } from "./queries";

/** `as_is`: a selection that the form cannot show; it stays as it was set. */
export type Takes = "all" | "tag" | "as_is";

export interface Fields {
  name: string;
  enabled: boolean;
  does: "preview" | Direction;
  takes: Takes;
  tag: string;
  location: string;
  kind: "daily" | "hourly" | "cron";
  at: string;
  minute: string;
  expression: string;
  zone: string;
  missed: NonNullable<ScheduleIn["missed"]>;
  url: string;
  secret: string;
}

export function fieldsOf(schedule: Schedule | null): Fields {
  const timing = schedule?.timing;
  return {
    name: schedule?.name ?? "",
    enabled: schedule?.enabled ?? true,
    does: schedule?.direction ?? "preview",
    takes: takesOf(schedule),
    tag: schedule?.selection.filter?.tag ?? "",
    location: schedule?.selection.location_ids?.[0] ?? schedule?.selection.filter?.location_ids?.[0] ?? "",
    kind: timing?.kind ?? "daily",
    at: timing?.kind === "daily" ? timing.at : "03:00",
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

/** What is wrong, by field; empty where nothing is. */
export function wrongIn(fields: Fields, before: Schedule | null): Partial<Record<keyof Fields, string>> {
  const wrong: Partial<Record<keyof Fields, string>> = {};
  if (fields.name.trim() === "") wrong.name = T.schedules.needsName;
  if (fields.takes === "tag" && fields.tag.trim() === "") wrong.tag = T.schedules.needsTag;
  if (fields.kind === "daily" && !/^\d\d:\d\d$/.test(fields.at)) wrong.at = T.schedules.needsTime;
  if (fields.kind === "hourly" && !/^[0-5]?[0-9]$/.test(fields.minute)) wrong.minute = T.schedules.needsMinute;
  if (fields.kind === "cron" && fields.expression.trim().split(/\s+/).length !== 5) {
    wrong.expression = T.schedules.needsCron;
  }
  if (fields.url !== "" && !fields.url.startsWith("https://")) wrong.url = T.schedules.needsUrl;
  const known = before?.target != null && fields.secret === "";
  if (fields.url !== "" && !known && fields.secret.length < 16) wrong.secret = T.schedules.needsSecret;
  return wrong;
}

export function scheduleOf(fields: Fields, before: Schedule | null): ScheduleIn {
  return {
    name: fields.name.trim(),
    enabled: fields.enabled,
    action: fields.does === "preview" ? "preview" : "reconcile",
    direction: fields.does === "preview" ? null : fields.does,
    selection: selectionOf(fields, before),
    options: fields.does === "preview" ? {} : (before?.options ?? {}),
    timing: timingOf(fields),
    time_zone: fields.zone.trim() === "" ? null : fields.zone.trim(),
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

function timingOf(fields: Fields): ScheduleIn["timing"] {
  if (fields.kind === "hourly") return { kind: "hourly", minute: Number(fields.minute) };
  if (fields.kind === "cron") return { kind: "cron", expression: fields.expression.trim() };
  return { kind: "daily", at: fields.at };
}
