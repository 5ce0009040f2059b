/**
 * Shopify's admin around the page, where there is one: App Bridge is its door, and only this folder knows it.
 *
 * The service says in the document whether the page was opened inside the admin; it puts App Bridge beside it only then.
 * Outside (the demo, a plain browser) the page has navigation, bar and messages of its own.
 */
import type { ShopifyGlobal, ToastOptions } from "@shopify/app-bridge-types";

export type TokenSource = "app-bridge" | "demo" | "none";

/** Where session tokens come from, as the service wrote it into the page. */
export const TOKENS = (document.querySelector<HTMLMetaElement>('meta[name="trueup-session"]')?.content ?? "none") as TokenSource;

/** The page lies inside Shopify's admin. */
export const EMBEDDED = TOKENS === "app-bridge";

/** None while App Bridge is not there: blocked, or not loaded yet. The page works without it, with what is its own. */
export const bridge = (): ShopifyGlobal | undefined =>
  EMBEDDED ? (globalThis as { shopify?: ShopifyGlobal }).shopify : undefined;

/** A session token of the admin; none where App Bridge is not there. */
export const adminToken = (): Promise<string> | undefined => bridge()?.idToken();

/** The admin's bar of loading, at its top edge. */
export function tellLoading(isLoading: boolean): void {
  bridge()?.loading(isLoading);
}

/** A message of the admin's own; false where there is none to show it. */
export function adminToast(text: string, options: ToastOptions): boolean {
  const shown = bridge()?.toast;
  if (shown === undefined) return false;
  shown.show(text, options);
  return true;
}
