import { href } from "../address";

/** The address of the life of a number. */
export const storyHref = (bomId: string, locationId: string): string =>
  href(`/places/${encodeURIComponent(bomId)}/${encodeURIComponent(locationId)}`);
