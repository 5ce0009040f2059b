/**
 * Changes that are not saved hold the page where it is until the merchant has said to drop them.
 *
 * Links and our own calls come through `useGuardedLocation`. The back button has already moved the address when it is
 * heard of, so the address is put back first. Another site, a reload or a closed tab gets the browser's own question.
 */
import { useEffect, useSyncExternalStore } from "react";
import type { BaseLocationHook } from "wouter";
import { navigate, useBrowserLocation } from "wouter/use-browser-location";
import { bridge } from "./admin";

const held = new Set<symbol>();
const listeners = new Set<() => void>();
let question: { answer: (leave: boolean) => void } | null = null;
let here = window.location.href;

const warn = (event: BeforeUnloadEvent) => event.preventDefault();

/** While `unsaved`, nothing leaves the screen unasked. */
export function useUnsaved(unsaved: boolean): void {
  useEffect(() => {
    if (!unsaved) return undefined;
    const mark = Symbol();
    if (held.size === 0) window.addEventListener("beforeunload", warn);
    held.add(mark);
    return () => {
      held.delete(mark);
      if (held.size === 0) window.removeEventListener("beforeunload", warn);
    };
  }, [unsaved]);
}

function ask(next: typeof question): void {
  question = next;
  for (const listener of listeners) listener();
}

/** The question that the page asks by itself; none where the admin asks, or nothing is to be asked. */
export function useLeavingQuestion(): typeof question {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => question,
  );
}

/** Whether what is not saved may be dropped: asked where there is some. */
export async function mayLeave(): Promise<boolean> {
  if (held.size === 0) return true;
  const leave = await answered();
  if (leave) {
    held.clear();
    window.removeEventListener("beforeunload", warn);
  }
  return leave;
}

function answered(): Promise<boolean> {
  const bar = bridge()?.saveBar;
  if (bar !== undefined) {
    return bar.leaveConfirmation().then(
      () => true,
      () => false,
    );
  }
  question?.answer(false);
  return new Promise((resolve) => {
    ask({
      answer: (leave) => {
        ask(null);
        resolve(leave);
      },
    });
  });
}

const leaves = (address: string) => new URL(address, here).pathname !== new URL(here).pathname;

function guarded(to: string | URL, options?: Parameters<typeof navigate>[1]): void {
  if (held.size === 0 || !leaves(String(to))) {
    navigate(to, options);
    return;
  }
  void mayLeave().then((leave) => {
    if (leave) navigate(to, options);
  });
}

/** The address for wouter's router, guarded. */
export const useGuardedLocation: BaseLocationHook = () => {
  const [path] = useBrowserLocation();
  return [path, guarded];
};

// wouter tells of every change of the address that is made by script.
for (const name of ["pushState", "replaceState"]) window.addEventListener(name, () => (here = window.location.href));

window.addEventListener(
  "popstate",
  (event) => {
    if (held.size === 0 || !leaves(window.location.href)) {
      here = window.location.href;
      return;
    }
    event.stopImmediatePropagation();
    window.history.pushState(null, "", here);
    void mayLeave().then((leave) => {
      if (leave) window.history.back();
    });
  },
  { capture: true },
);
