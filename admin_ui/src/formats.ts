/** Numbers, dates and lists in the merchant's locale. Quantities are whole numbers; ids are never formatted. */

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
const moment = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "long" });
const day = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric" });
const clock = new Intl.DateTimeFormat(LOCALE, { timeStyle: "short" });

/** A quantity or a number of things. What is missing is a dash, never a zero. */
export const count = (value: number | null | undefined): string => (value == null ? "–" : whole.format(value));

/** A change, always with its sign. */
export const change = (value: number | null | undefined): string => (value == null ? "–" : signed.format(value));

export const percent = (value: number | null | undefined): string => (value == null ? "–" : share.format(value));

export const dateTime = (iso: string | null | undefined): string => (iso == null ? "–" : moment.format(new Date(iso)));

export const exactTime = (iso: string): string => exact.format(new Date(iso));

export const shortDay = (iso: string): string => day.format(new Date(iso));

export const shortTime = (iso: string): string => clock.format(new Date(iso));

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
