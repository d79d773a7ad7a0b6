import { type DateRange, dayOfText, isWithin } from "../requests/date-range.ts";

/** The requested dates, and the column that contains a row's date. */
export interface DatesAskedFor extends DateRange {
  readonly column: string;
}

export function dayIn(dates: DatesAskedFor, cell: string): "inside" | "outside" | "unreadable" {
  const day = dayOfText(cell);
  if (day === undefined) return "unreadable";
  return isWithin(dates, day) ? "inside" : "outside";
}
