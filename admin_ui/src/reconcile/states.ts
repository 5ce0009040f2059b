import type { Job, Preview } from "../api/queries";

export const previewEnded = (preview: Preview): boolean => preview.state === "ready" || preview.state === "failed";

export const jobEnded = (job: Job): boolean => !["requested", "waiting", "running"].includes(job.state);

/** Cells with an outcome. */
export const endedCells = (totals: Job["totals"]): number => totals.total - totals.pending - totals.applying;
