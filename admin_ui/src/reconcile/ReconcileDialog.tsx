/** The reconcile dialog. Its step is in the address: it can be closed, reloaded, opened in a second tab, and found again. */
import { useParams } from "../address";
import type { Direction } from "../api/queries";
import { ChooseStep } from "./ChooseStep";
import { PreviewStep } from "./PreviewStep";
import { RunStep } from "./RunStep";

const directionOf = (text: string | null): Direction => (text === "toLocal" ? "toLocal" : "toShopify");

export default function ReconcileDialog() {
  const [params, change] = useParams();
  const close = () => change({ reconcile: null, preview: null, direction: null, job: null });
  const preview = params.get("preview");
  const job = params.get("job");
  const step = params.get("reconcile");
  if (step === "run" && job !== null) return <RunStep key={job} jobId={job} onClose={close} onGo={change} />;
  if (step === "preview" && preview !== null) {
    return (
      <PreviewStep
        key={preview}
        previewId={preview}
        direction={directionOf(params.get("direction"))}
        jobId={job}
        onClose={close}
        onGo={change}
      />
    );
  }
  return <ChooseStep previewId={preview} onClose={close} onGo={change} />;
}
