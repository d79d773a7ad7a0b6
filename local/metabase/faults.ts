/** The simulated failures of a query. */
export type Fault =
  /** An answer without a query, as a proxy in front of Metabase gives it. */
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "slow"; readonly milliseconds: number }
  /**
   * The database refuses the query. Which status Metabase sends with the failure depends on its version: 200 for exports
   * and 202 for results in older ones, which had sent their headers by then; 500 in newer ones.
   */
  | { readonly kind: "failed query"; readonly status: 200 | 202 | 500; readonly error: string }
  /** The database fails while rows are streamed: the failure follows them in the same response, with status 200. */
  | {
      readonly kind: "fails after";
      readonly rows: number;
      readonly error: string;
      /** The text after the rows, to simulate another format of the failure. */
      readonly text?: string;
    }
  /** The connection breaks. */
  | { readonly kind: "breaks off after"; readonly rows: number };

/** Faults for the queries to come, one each. */
export class Faults {
  readonly #next: Fault[] = [];

  add(...faults: readonly Fault[]): void {
    this.#next.push(...faults);
  }

  take(): Fault | undefined {
    return this.#next.shift();
  }
}
