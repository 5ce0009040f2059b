/** What the admin shows around the page while it lies inside it: the app's navigation, and the bar of loading. */
import { useIsFetching, useIsMutating } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation } from "wouter";
import { href } from "../address";
import { tellLoading } from "./admin";
import { AdminLink, AdminNavigation } from "./elements";

/** Paths with their titles; the first is the app's home, which the admin links by the app's name. */
export function AdminFrame({ places }: { places: readonly (readonly [path: string, title: string])[] }) {
  const [, navigate] = useLocation();
  useEffect(() => {
    // A link of the admin's was pressed. Unheard, the whole document would be loaded anew.
    const go = (event: Event) => {
      const to = event.target instanceof HTMLElement ? event.target.getAttribute("href") : null;
      if (to !== null) navigate(href(to));
    };
    document.addEventListener("shopify:navigate", go);
    return () => document.removeEventListener("shopify:navigate", go);
  }, [navigate]);
  return (
    <>
      <Loading />
      <AdminNavigation>
        {places.map(([path, title], place) => (
          <AdminLink key={path} href={path} {...(place === 0 && { rel: "home" as const })}>
            {title}
          </AdminLink>
        ))}
      </AdminNavigation>
    </>
  );
}

// Alone in its component: what is loading changes often, and nothing else has to be drawn for it.
function Loading() {
  // What is read again unseen tells nobody to wait.
  const reading = useIsFetching({ predicate: (query) => query.state.data === undefined });
  const changing = useIsMutating();
  const isLoading = reading + changing > 0;
  useEffect(() => {
    tellLoading(isLoading);
    return () => tellLoading(false);
  }, [isLoading]);
  return null;
}
