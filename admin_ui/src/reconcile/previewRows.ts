/** Reads the rows of a preview: a page of them, or all that a search finds as far as they can be left out one by one. */
import { api, body } from "../api/client";
import type { paths } from "../../generated/api";
import type { Row } from "../api/queries";
import type { RowPage, RowSource } from "../kit/rowWindow";

type Query = NonNullable<paths["/api/previews/{preview_id}/rows"]["get"]["parameters"]["query"]>;
export type Sort = NonNullable<Query["sort"]>;
export type RowQuery = Pick<Query, "only" | "class" | "search" | "location_id"> & Record<string, string>;

/** The service takes so many places that are left out one by one. */
const MOST_AT_ONCE = 5_000;
const PAGE = 250;

export const readRows = (
  previewId: string,
  query: RowQuery & { sort: Sort },
  offset: number,
  limit: number,
  signal?: AbortSignal,
): Promise<RowPage<Row>> =>
  body(
    api.GET("/api/previews/{preview_id}/rows", {
      ...(signal !== undefined && { signal }),
      params: { path: { preview_id: previewId }, query: { ...query, offset, limit } },
    }),
  );

/** The rows of a view in an order. */
export const rowsOf = (previewId: string, query: RowQuery, sort: Sort): RowSource<Row> => ({
  key: ["preview", previewId, "table", query, sort],
  read: (offset, limit, signal) => readRows(previewId, { ...query, sort }, offset, limit, signal),
});

/** Every row, or those from one to another of two by their numbers; null: there are too many. */
export async function readAll(
  previewId: string,
  query: RowQuery & { sort: Sort },
  between?: readonly [number, number],
): Promise<Row[] | null> {
  const found: Row[] = [];
  let ends = 0;
  for (let offset = 0; ; offset += PAGE) {
    const page = await readRows(previewId, query, offset, PAGE);
    if (between === undefined && page.total > MOST_AT_ONCE) return null;
    for (const row of page.items) {
      const isEnd = between?.includes(row.no) ?? false;
      if (between === undefined || ends === 1 || isEnd) found.push(row);
      ends += Number(isEnd);
      if (ends === 2) return found;
    }
    if (found.length > MOST_AT_ONCE || offset > 2 * MOST_AT_ONCE) return null;
    if (page.items.length < PAGE) return found;
  }
}
