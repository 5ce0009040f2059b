import type { ComponentProps } from "react";
import { LongTable } from "../kit";
import { TroubleNote } from "./TroubleNote";

/** A long table; where its rows cannot be read, what went wrong. */
export function Rows<Row>(props: Omit<ComponentProps<typeof LongTable<Row>>, "trouble">) {
  return <LongTable {...props} trouble={(error, again) => <TroubleNote trouble={error} again={again} />} />;
}
