/** Narrows the history down to the runs that had to do with some BOMs. */
import { useEffect, useRef, useState } from "react";
import { SearchBox } from "../kit";
import { T } from "../texts";

/** Milliseconds after the last key; a search is one request, not one per letter. */
const TYPING = 300;

export function BomSearch({ value, onChange, isPending }: { value: string; onChange: (bom: string) => void; isPending: boolean }) {
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    // Changed from elsewhere: the back button.
    if (value !== sent.current) setTyped(value);
    sent.current = value;
  }, [value]);
  useEffect(() => {
    if (typed.trim() === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = typed.trim();
      onChange(typed.trim());
    }, TYPING);
    return () => clearTimeout(timer);
  }, [typed, onChange]);
  return (
    <SearchBox
      label={T.runPage.searchBom}
      placeholder={T.runPage.searchHint}
      maxLength={200}
      value={typed}
      onChange={setTyped}
      isPending={isPending || typed.trim() !== value}
    />
  );
}
