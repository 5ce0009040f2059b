/** Words of this screen, explained beside it. */
import { lazy, Suspense, useState } from "react";
import { Button } from "../kit";
import { T } from "../texts";

const HelpDialog = lazy(() => import("./HelpDialog"));

export function HelpButton({ path }: { path: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="plain" onPress={() => setOpen(true)}>
        {T.navigation.help}
      </Button>
      {open && (
        <Suspense fallback={null}>
          <HelpDialog path={path} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
