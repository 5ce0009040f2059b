import { lazy, Suspense, useSyncExternalStore } from "react";
import { anyToast, watchToasts } from "./toasts";

const ToastRegion = lazy(() => import("./ToastRegion"));

/** Where messages appear; once on the page, beside its screens. */
export function Toasts() {
  const any = useSyncExternalStore(watchToasts, anyToast);
  if (!any) return null;
  return (
    <Suspense fallback={null}>
      <ToastRegion />
    </Suspense>
  );
}
