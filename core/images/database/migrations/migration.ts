/** One step of the schema. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  /**
   * One statement per call: the Data API takes no more, and commits each change of the schema by itself. Every statement
   * can run again, because a migration that was interrupted starts from its first one.
   */
  readonly statements: readonly string[];
}
