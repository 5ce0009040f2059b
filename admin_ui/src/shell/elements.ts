/**
 * The elements by which App Bridge is told what the admin shows around the page; they show nothing here themselves.
 *
 * Names of elements as components, since React's types know only those of HTML.
 */
import type { FC, PropsWithChildren } from "react";

const element = <Props = object>(name: string) => name as unknown as FC<PropsWithChildren<Props>>;

/** A link in the admin's navigation or title bar. */
export const AdminLink = element<{ href: string; rel?: "home"; slot?: "breadcrumb-actions" }>("s-link");
export const AdminNavigation = element("s-app-nav");
export const AdminTitle = element<{ heading: string }>("s-page");
export const AdminButton = element<{ slot: "primary-action" | "secondary-actions"; disabled?: "" | undefined; onClick: () => void }>(
  "s-button",
);
export const SaveBarElement = element<{ id: string }>("ui-save-bar");
