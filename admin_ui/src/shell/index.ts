/** What lies around the page: Shopify's admin by App Bridge, or nothing. Nothing outside this folder names App Bridge. */
export { adminToast, adminToken, EMBEDDED, tellLoading, TOKENS } from "./admin";
export { AdminFrame } from "./AdminFrame";
export { AdminSaveBar } from "./AdminSaveBar";
export { AdminTitleBar, type TitleAction } from "./AdminTitleBar";
export { mayLeave, useGuardedLocation, useLeavingQuestion, useUnsaved } from "./leaving";
