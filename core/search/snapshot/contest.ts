import { isBetter, type RankedRow } from "./ranked-row.ts";

interface Entrant {
  readonly most: number;
  readonly rank: () => RankedRow | undefined;
}

/**
 * The k best of rows whose scores are known within bounds. A row is out once k others are certainly better; the rest
 * are scored exactly at the end.
 */
export class Contest {
  readonly #k: number;
  readonly #entrants: Entrant[] = [];
  /** The k largest of the scores that entrants have at least, largest first. */
  readonly #certain: number[] = [];

  constructor(k: number) {
    this.#k = k;
  }

  /** A row with a smaller upper bound is not among the best. */
  get threshold(): number {
    return this.#certain.length < this.#k ? Number.NEGATIVE_INFINITY : (this.#certain.at(-1) as number);
  }

  /** `least` is minus infinity if the row may not be a hit at all. */
  add(most: number, least: number, rank: () => RankedRow | undefined): void {
    this.#entrants.push({ most, rank });
    if (least === Number.NEGATIVE_INFINITY || least <= this.threshold) return;
    let at = this.#certain.length;
    while (at > 0 && least > (this.#certain[at - 1] as number)) at--;
    this.#certain.splice(at, 0, least);
    if (this.#certain.length > this.#k) this.#certain.pop();
  }

  /** Best first. */
  ranked(): RankedRow[] {
    return this.#entrants
      .filter(({ most }) => most >= this.threshold)
      .map(({ rank }) => rank())
      .filter((row) => row !== undefined)
      .sort((one, other) => (isBetter(one, other) ? -1 : 1))
      .slice(0, this.#k);
  }
}
