/** The numbers of a run in the words of its preview: so many to change, of which so many changed and so many failed. */
import type { Job } from "../api/queries";
import { endedCells, jobEnded } from "./states";

export interface RunNumbers {
  toChange: number;
  changed: number;
  failed: number;
  /** What the preview had said cannot be changed. */
  refused: number;
  cancelled: number;
  /** Places that agreed by the time it was their turn. */
  settled: number;
}

/** Null where nobody was told before the start and the run is not over: what it will change is not known then. */
export function runNumbers(job: Job): RunNumbers | null {
  const changed = job.totals.updated;
  const told = new Map(job.approved?.refused.map((one) => [one.code, one.count]));
  const seen = [...job.codes.map((one) => [one.code, one.count] as const), ...job.reasons.map((one) => [one.reason, one.count] as const)];
  const refused = seen.reduce((sum, [code, count]) => sum + Math.min(count, told.get(code) ?? 0), 0);
  const failed = job.codes.reduce((sum, one) => sum + Math.max(0, one.count - (told.get(one.code) ?? 0)), 0);
  const toChange = job.approved?.cells ?? (jobEnded(job) ? changed + failed + job.totals.cancelled : null);
  if (toChange === null) return null;
  const rest = Math.max(0, toChange - changed - failed);
  const cancelled = Math.min(job.totals.cancelled, rest);
  return { toChange, changed, failed, refused, cancelled, settled: jobEnded(job) ? rest - cancelled : 0 };
}

/** Seconds until it has ended if it goes on as until now; null while nothing tells. */
export function secondsLeft(job: Job, now: number): number | null {
  const done = endedCells(job.totals);
  const open = job.totals.total - done;
  if (job.started_at === null || job.state !== "running" || done === 0 || open === 0) return null;
  const passed = Math.max(0, now - Date.parse(job.started_at)) / 1_000;
  return Math.max(1, Math.round((passed / done) * open));
}
