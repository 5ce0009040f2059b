/** What lies around the page: Shopify's admin by App Bridge, or nothing. Nothing outside this folder names App Bridge. */
export { adminToast, adminToken, EMBEDDED, tellLoading, TOKENS } from "./admin";
export { AdminSaveBar } from "./AdminSaveBar";
export { mayLeave, useGuardedLocation, useLeavingQuestion, useUnsaved } from "./leaving";
