/** The bell: how much needs somebody, and the way to it. */
import { lazy, Suspense, useCallback, useRef, useState } from "react";
import { useLocation } from "wouter";
import { href } from "../address";
import { count } from "../formats";
import { Button, icons } from "../kit";
import { T } from "../texts";
import styles from "./Bell.module.css";
import { useNotices } from "./queries";
import { useToasts } from "./useToasts";

const NoticesPanel = lazy(() => import("./NoticesPanel"));

/** An address of the page as the service gives it, with what Shopify's admin needs in it. */
export function linkOf(link: string): string {
  const [path = "/", query = ""] = link.split("?");
  return href(path, Object.fromEntries(new URLSearchParams(query)));
}

export function Bell() {
  const place = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [, navigate] = useLocation();
  const show = useCallback((link: string) => navigate(linkOf(link)), [navigate]);
  const state = useNotices();
  useToasts(state, show);
  const open = state?.open ?? 0;
  const unseen = state?.unseen ?? 0;
  const anchor = place.current?.querySelector("button") ?? null;
  return (
    <div ref={place} className={styles.bell}>
      <Button variant="icon" aria-label={T.notices.bell(open, unseen)} aria-expanded={isOpen} aria-haspopup="dialog" onPress={() => setOpen(!isOpen)}>
        <icons.Ring />
      </Button>
      {open > 0 ? (
        <span className={styles.number} aria-hidden="true">
          {count(open)}
        </span>
      ) : (
        unseen > 0 && <span className={styles.dot} aria-hidden="true" />
      )}
      {isOpen && anchor !== null && (
        <Suspense fallback={null}>
          <NoticesPanel anchor={anchor} state={state} onShow={show} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}
