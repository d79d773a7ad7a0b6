/** One step of the schema. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  /**
   * One statement per call, because the Data API accepts only one and commits each schema change by itself. Every
   * statement is repeatable, because an interrupted migration starts again from its first one.
   */
  readonly statements: readonly string[];
}
