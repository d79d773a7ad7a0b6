/** A range of calendar days as YYYY-MM-DD, both included. */
export interface DateRange {
  readonly start: string;
  readonly end: string;
}

/** The range that a request for all dates shows. Its rows are not filtered by date. */
export const everyDay: DateRange = { start: "0001-01-01", end: "9999-12-31" };

const dayMs = 86_400_000;
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const momentPattern =
  /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** Whether the text is an existing calendar day. */
export function isDay(text: string): boolean {
  return dayPattern.test(text) && dayOf(Date.parse(`${text}T00:00:00Z`)) === text;
}

/** Without a start: yesterday and today. With only a start: that day and the next. */
export function rangeOf(start: string | undefined, end: string | undefined, now: number): DateRange {
  if (start === undefined) return { start: dayOf(now - dayMs), end: end ?? dayOf(now) };
  return { start, end: end ?? dayAfter(start) };
}

/** The UTC day of an ISO date or time; undefined for any other text. A time without a zone is UTC. */
export function dayOfText(text: string): string | undefined {
  const trimmed = text.trim();
  if (!momentPattern.test(trimmed) || !isDay(trimmed.slice(0, 10))) return undefined;
  if (trimmed.length === 10) return trimmed;
  const [, clock = "", zone = ""] = /^\S{10}[T ]([\d:.]+)\s*(.*)$/.exec(trimmed) ?? [];
  return dayOf(Date.parse(`${trimmed.slice(0, 10)}T${clock}${zoneOf(zone)}`)) || undefined;
}

export function isWithin(range: DateRange, day: string): boolean {
  return day >= range.start && day <= range.end;
}

/** Two ranges that together cover this one; undefined for a single day. */
export function halves({ start, end }: DateRange): [DateRange, DateRange] | undefined {
  if (start >= end) return undefined;
  const first = Date.parse(`${start}T00:00:00Z`);
  const days = (Date.parse(`${end}T00:00:00Z`) - first) / dayMs;
  const middle = dayOf(first + Math.floor(days / 2) * dayMs);
  return [
    { start, end: middle },
    { start: dayAfter(middle), end },
  ];
}

function dayAfter(day: string): string {
  return dayOf(Date.parse(`${day}T00:00:00Z`) + dayMs);
}

function dayOf(time: number): string {
  return Number.isNaN(time) ? "" : new Date(time).toISOString().slice(0, 10);
}

/** Converts `+05`, `+0530`, `UTC` and an empty zone to the form that Date.parse accepts. */
function zoneOf(zone: string): string {
  if (zone === "" || zone === "UTC" || zone === "Z") return "Z";
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}
