import { type DatesAskedFor, dayIn } from "./asked-dates.ts";
import { cellOf, type SourceRow } from "./failed-record.ts";
import { type Place, type PlaceProblem, type PlaceRules, placeOf } from "./place.ts";

export interface PlacementRules extends PlaceRules {
  /** Rows outside these dates are filtered; undefined keeps all rows. */
  readonly dates: DatesAskedFor | undefined;
}

/** The place of a row in the index, `filtered` if its date is outside the range, or the reason why it has no place. */
export function placementOf(row: SourceRow, rules: PlacementRules): Place | "filtered" | PlaceProblem {
  if (row.misfit !== undefined) return row.misfit;
  if (rules.dates !== undefined) {
    const cell = cellOf(row, rules.dates.column);
    const day = dayIn(rules.dates, cell);
    if (day === "outside") return "filtered";
    if (day === "unreadable") {
      const detail = `${rules.dates.column} is ${JSON.stringify(cell)}, which is not an ISO date.`;
      return { reason: "date_unreadable", detail };
    }
  }
  return placeOf(cellOf(row, "id"), cellOf(row, "record_type"), rules);
}
