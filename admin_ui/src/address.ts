/** What the page shows is in its address: a reload, a second tab and the back button find the same again. */
import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";

/** Given by Shopify's admin; a reload needs them. */
const LASTING = ["host", "shop", "embedded", "locale"];

export type Changes = Record<string, string | null | undefined>;

/** The address of a path of the page. */
export function href(path: string, params: Changes = {}): string {
  const now = new URLSearchParams(window.location.search);
  const next = new URLSearchParams();
  for (const name of LASTING) {
    const value = now.get(name);
    if (value !== null) next.set(name, value);
  }
  for (const [name, value] of Object.entries(params)) if (value) next.set(name, value);
  const query = next.toString();
  return query === "" ? path : `${path}?${query}`;
}

/** The parameters of the address, and a way to change some of them and keep the others. */
export function useParams(): [URLSearchParams, (changes: Changes, options?: { replace?: boolean }) => void] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const params = useMemo(() => new URLSearchParams(search), [search]);
  const change = useCallback(
    (changes: Changes, options: { replace?: boolean } = {}) => {
      // Read when it happens: several changes may come in a row.
      const next = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(changes)) {
        if (value) next.set(name, value);
        else next.delete(name);
      }
      const query = next.toString();
      navigate(window.location.pathname + (query === "" ? "" : `?${query}`), { replace: options.replace ?? false });
    },
    [navigate],
  );
  return [params, change];
}
