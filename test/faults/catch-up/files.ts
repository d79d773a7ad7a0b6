import type { ShownTask } from "../../../core/catchup/api/show-task.ts";
import { type CatchingUp, csvOf } from "./catching-up.ts";

const questionId = "7";
let files = 0;

/** A file whose rows go into a namespace of their own, each with a text that no other row has. */
export class SentFile {
  readonly namespace: string;
  readonly rows: readonly string[][];
  readonly request: Readonly<Record<string, unknown>>;
  readonly #catching: CatchingUp;

  private constructor(catching: CatchingUp, namespace: string, rows: string[][]) {
    this.#catching = catching;
    this.namespace = namespace;
    this.rows = rows;
    const s3_key = `${namespace}.csv`;
    this.request = { data_source: "s3_csv", all_dates: true, question_id: questionId, s3_key, namespace };
  }

  static async put(catching: CatchingUp, count: number): Promise<SentFile> {
    files += 1;
    const namespace = `file-${files}`;
    const rows = Array.from({ length: count }, (_, index) => [
      `${index + 1}`,
      `Row ${index + 1} of ${namespace},\nin two lines`,
    ]);
    await catching.put(`${namespace}.csv`, csvOf(["id", "formatted_text"], rows));
    return new SentFile(catching, namespace, rows);
  }

  /** The id of the vector of a row; the first row is 1. */
  idOf(row: number): string {
    return `${questionId}.${row}`;
  }

  textOf(row: number): string {
    return `Row ${row} of ${this.namespace}, in two lines`;
  }

  /** Texts of this file among those, each as often as it is there. */
  ownAmong(texts: readonly string[]): string[] {
    return texts.filter((text) => text.includes(` of ${this.namespace},`));
  }

  /** Every row is in the index once, except the failed ones, which are reported with their reason; totals are exact. */
  async expectAccounted(task: ShownTask, failedRows: readonly number[] = [], reason = ""): Promise<void> {
    const { length: total } = this.rows;
    const { progress } = task;
    expect(progress).toMatchObject({
      total_records: total,
      processed_records: total - failedRows.length,
      failed_records: failedRows.length,
      filtered_records: 0,
      percentage: 100,
    });
    expect(progress.chunks_completed + progress.chunks_failed).toBe(progress.chunks_total);
    const status = failedRows.length === 0 ? "COMPLETED" : "PARTIALLY_COMPLETED";
    expect(task).toMatchObject({ status, error: null });
    const failed = await this.#catching.failed(task);
    expect(failed.map((record) => [record.row, record.reason, record.source.id])).toEqual(
      failedRows.map((row) => [row, reason, String(row)]),
    );
    const there = this.rows.map((_, index) => index + 1).filter((row) => !failedRows.includes(row));
    expect(await this.#catching.ids(this.namespace)).toEqual(there.map((row) => this.idOf(row)).sort());
  }
}
