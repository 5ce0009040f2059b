import type { Job } from "../api/queries";
import { Badge } from "../kit";
import { T } from "../texts";

const TONES = {
  requested: undefined,
  waiting: undefined,
  running: "info",
  completed: "success",
  completed_with_errors: "warning",
  cancelled: undefined,
  failed: "critical",
} as const;

export function StateBadge({ state }: { state: Job["state"] }) {
  return <Badge tone={TONES[state]}>{T.run.states[state]}</Badge>;
}
