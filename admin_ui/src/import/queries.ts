/** Imports: how far they are, what they would make, what they have made. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schema } from "../api/client";

export type Import = Schema["ImportOut"];
export type ImportRow = Schema["ImportRow"];
export type Kind = ImportRow["kind"];

export const LARGEST = 4 * 1024 * 1024;
const ROWS = 100;

export const goesOn = (one: Import): boolean => one.state === "checking" || one.state === "applying";

export const importsQuery = queryOptions({
  queryKey: ["imports"],
  queryFn: ({ signal }) => body(api.GET("/api/imports", { signal })),
  refetchInterval: (query) => (query.state.data?.items.some((one) => goesOn(one) || (one.state === "done" && one.result === null)) === true ? 1_000 : 30_000),
});

export const rowsQuery = (importId: string, kind: Kind) =>
  infiniteQueryOptions({
    queryKey: ["imports", importId, kind],
    queryFn: ({ signal, pageParam }) =>
      body(
        api.GET("/api/imports/{import_id}/lines", {
          signal,
          params: { path: { import_id: importId }, query: { kind, limit: ROWS, cursor: pageParam ?? undefined } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

/** A file as it is sent: its very bytes, since it may be of any encoding. */
export async function base64Of(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parts: string[] = [];
  for (let first = 0; first < bytes.length; first += 32_768) parts.push(String.fromCharCode(...bytes.subarray(first, first + 32_768)));
  return btoa(parts.join(""));
}

export const ask = async (file: File | null, tracks: boolean) =>
  body(
    api.POST("/api/imports", {
      body: file === null ? { tracks: tracks ? true : null } : { file_name: file.name, content: await base64Of(file), tracks: tracks ? true : null },
    }),
  );

export const apply = (importId: string) => body(api.POST("/api/imports/{import_id}/apply", { params: { path: { import_id: importId } } }));

export const discard = (importId: string) => body(api.POST("/api/imports/{import_id}/discard", { params: { path: { import_id: importId } } }));
