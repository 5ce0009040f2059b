import { type RefObject, useEffect } from "react";

/**
 * The focus stays within a dialog when what held it goes: a button that was pressed and made way for its outcome. Without
 * it Escape would be heard by nobody.
 */
export function KeptFocus({ dialog }: { dialog: RefObject<HTMLElement | null> }) {
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return undefined;
    const observer = new MutationObserver(() => {
      if (document.activeElement === document.body) element.focus();
    });
    observer.observe(element, { subtree: true, childList: true, attributeFilter: ["disabled"] });
    return () => observer.disconnect();
  }, [dialog]);
  return null;
}
