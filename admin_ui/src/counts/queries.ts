/** Stock-taking: what is found at a location, and counts that are taken over. */
import { ulid } from "ulid";
import { api, body, type Schema } from "../api/client";

export type PlaceFound = Schema["PlaceFound"];
export type Counted = Schema["Counted"];
export type Count = Schema["CountIn"];
export type Checked = Schema["CountFileChecked"];
export type CheckedCount = Schema["CheckedCount"];

/** Counts of one request. */
const PART = 250;

export const findPlaces = (location: string, search: string) =>
  body(api.GET("/api/counts/places", { params: { query: { location_id: location, search } } }));

export const checkFile = (text: string, location: string) =>
  body(api.POST("/api/counts/check", { body: { text, location_id: location === "" ? null : location } }));

/** Sent again under its key, a count counts once. */
export const takeOver = (key: string, counts: readonly Count[], note: string) =>
  body(
    api.POST("/api/counts", {
      params: { header: { "Idempotency-Key": key } },
      body: { counts: [...counts], note: note.trim() === "" ? null : note.trim() },
    }),
  );

export const newKey = (): string => ulid();

/** All counts of a file, part by part under keys of its own; `tell` hears how many are done. */
export async function takeOverAll(
  key: string,
  counts: readonly Count[],
  note: string,
  tell: (done: number) => void,
): Promise<Counted[]> {
  const done: Counted[] = [];
  for (let first = 0; first < counts.length; first += PART) {
    const part = await takeOver(`${key}-${first}`, counts.slice(first, first + PART), note);
    done.push(...part.items);
    tell(done.length);
  }
  return done;
}

/** As short as the shortest barcode; nobody counts so many pieces at one place. */
const CODE = /^[0-9]{8,}$/;

/** Whether it is what a scanner has typed, where a number of pieces was meant: it would be taken for millions. */
export const looksScanned = (text: string, sku: string | null): boolean => CODE.test(text.trim()) || (sku !== null && text.trim() === sku && sku.length > 3);

/** The count that somebody has typed; null where it is none. */
export const typedCount = (text: string): number | null => (/^-?[0-9]{1,9}$/.test(text.trim()) ? Number(text.trim()) : null);
