/** Saves a table as a file, and says so where it cannot. */
import { useState } from "react";
import { download } from "../api/client";
import { Button, Stack } from "../kit";
import { TroubleNote } from "./TroubleNote";

export function SaveButton({ label, path, file }: { label: string; path: string; file: string }) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<unknown>(null);
  const save = async () => {
    setBusy(true);
    setTrouble(null);
    try {
      await download(path, file);
    } catch (error) {
      setTrouble(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Stack gap="200">
      <div>
        <Button isPending={busy} onPress={() => void save()}>
          {label}
        </Button>
      </div>
      {trouble !== null && <TroubleNote trouble={trouble} />}
    </Stack>
  );
}
