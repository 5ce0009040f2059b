/** When a merchant must type the number of places before they change. */
import type { Policy } from "../drift/queries";

/** More cells than these are confirmed by typing their number. */
const CONFIRM_ABOVE = 100;
/** Units: the limit of a shop's drift policy that nobody has changed. */
const USUAL_LIMIT = 1_000;

/** The largest move that needs no word more. */
export const limitOf = (policy: Policy | undefined): number => policy?.max_move ?? USUAL_LIMIT;

/** Both a wide run and one large jump are what a slip of the hand looks like. */
export const needsTyping = (cells: number, largest: number, limit: number): boolean => cells > CONFIRM_ABOVE || largest > limit;
