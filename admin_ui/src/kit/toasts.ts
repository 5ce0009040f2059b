/** Short words on what has just been done. Their region is loaded with the first one. */
import { adminToast } from "../shell";

export interface ToastWords {
  text: string;
  /** `critical` interrupts a screen reader, the others wait for its pause; the sign says the same as the colour. */
  tone?: "success" | "critical";
  /** What can be done about it: Undo, for one. */
  action?: { label: string; onPress: () => void };
}

/** Milliseconds. One with something to do in it, or that tells of a failure, stays until it is closed. */
export const STAYS = 7_000;
const LONG = 15_000;

let show: ((words: ToastWords) => void) | null = null;
const early: ToastWords[] = [];
const listeners = new Set<() => void>();

/**
 * Tell what has just been done, whatever screen is shown by then. Three are seen at once, others follow. Inside Shopify's
 * admin it is the admin's own message.
 */
export function toast(words: ToastWords): void {
  const { text, tone, action } = words;
  const more = action === undefined ? {} : { action: action.label, onAction: action.onPress };
  const duration = action === undefined && tone !== "critical" ? STAYS : LONG;
  if (adminToast(text, { isError: tone === "critical", duration, ...more })) return;
  if (show !== null) {
    show(words);
    return;
  }
  early.push(words);
  for (const listener of listeners) listener();
}

/** Take over what is told from now on, and what was told before. */
export function showToasts(how: (words: ToastWords) => void): void {
  show = how;
  for (const words of early.splice(0)) how(words);
}

export const anyToast = (): boolean => early.length > 0 || show !== null;

export function watchToasts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
