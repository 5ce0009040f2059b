/** Numbers, dates and names in the merchant's locale; times in the shop's zone. Quantities are whole numbers; ids are never formatted. */

function chosenLocale(): string {
  // Shopify's admin tells the merchant's locale in the address.
  const asked = new URLSearchParams(window.location.search).get("locale") ?? navigator.language;
  try {
    return Intl.getCanonicalLocales(asked)[0] ?? "en";
  } catch {
    return "en";
  }
}

export const LOCALE = chosenLocale();

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const signed = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0, signDisplay: "exceptZero" });
const share = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 1 });

// Times are those of the shop, whoever looks at them from wherever, and say of which zone they are.
const KINDS = {
  moment: { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "shortGeneric" },
  exact: {
    weekday: "long",
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "longGeneric",
  },
  clock: { hour: "numeric", minute: "2-digit", timeZoneName: "shortGeneric" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

type Formats = Record<keyof typeof KINDS, Intl.DateTimeFormat>;

const formatsOf = (zone: string | undefined): Formats => ({
  moment: new Intl.DateTimeFormat(LOCALE, { ...KINDS.moment, timeZone: zone }),
  exact: new Intl.DateTimeFormat(LOCALE, { ...KINDS.exact, timeZone: zone }),
  clock: new Intl.DateTimeFormat(LOCALE, { ...KINDS.clock, timeZone: zone }),
});

const shortDate = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric", timeZone: "UTC" });
const calendarOf = (zone: string | undefined) =>
  new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone });

let shopZone: string | undefined;
let calendar = calendarOf(shopZone);
let times = formatsOf(shopZone);

/** From now on times are those of this zone. One that the browser does not know changes nothing. */
export function showTimesOf(zone: string | null | undefined): void {
  if (zone == null || zone === shopZone) return;
  try {
    times = formatsOf(zone);
    calendar = calendarOf(zone);
    shopZone = zone;
  } catch {
    // Times stay those of the browser's zone, and say so.
  }
}

const names = new Intl.Collator(LOCALE, { numeric: true, sensitivity: "base" });

/** The order of names as people have it: shelf 2 before shelf 10, capitals or not. */
export const byName = (a: string, b: string): number => names.compare(a, b);

/** A quantity or a number of things. What is missing is a dash, never a zero. */
export const count = (value: number | null | undefined): string => (value == null ? "–" : whole.format(value));

/** A change, always with its sign. */
export const change = (value: number | null | undefined): string => (value == null ? "–" : signed.format(value));

export const percent = (value: number | null | undefined): string => (value == null ? "–" : share.format(value));

export const dateTime = (iso: string | null | undefined): string => (iso == null ? "–" : times.moment.format(new Date(iso)));

export const exactTime = (iso: string): string => times.exact.format(new Date(iso));

/** A day, as `2031-12-24`, in short. */
export const shortDay = (date: string): string => shortDate.format(new Date(`${date}T00:00Z`));

/** The day that it is in the shop at a moment, as `2031-12-24`. */
export const dayOf = (moment: Date): string => calendar.format(moment);

export const shortTime = (iso: string): string => times.clock.format(new Date(iso));

const AGES = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;
const age = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto", style: "short" });

/** How long ago it was, in its largest unit; what is of this minute is of now. */
export function ago(iso: string): string {
  const seconds = Math.max(0, (Date.now() - Date.parse(iso)) / 1000);
  for (const [unit, length] of AGES) if (seconds >= length) return age.format(-Math.floor(seconds / length), unit);
  return age.format(0, "second");
}

/** The number somebody has typed, in their own way of grouping digits; null where it is none. */
export function typedNumber(text: string): number | null {
  const digits = text.replace(/[\s.,'’\u00a0\u202f]/gu, "");
  return /^\p{Nd}+$/u.test(digits) ? Number(digits.replace(/\p{Nd}/gu, latinDigit)) : null;
}

// Each digit is one code point in every script.
const LOCAL_DIGITS = Array.from(new Intl.NumberFormat(LOCALE, { useGrouping: false }).format(9876543210)).reverse();

function latinDigit(digit: string): string {
  const place = LOCAL_DIGITS.indexOf(digit);
  return place < 0 ? digit : String(place);
}

const wholeDays = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full" });

/** The day of a moment, written out. */
export const wholeDay = (iso: string): string => wholeDays.format(new Date(iso));
