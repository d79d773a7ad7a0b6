import { DeleteCommand, type DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { unlessRefused } from "./conditional-write.ts";
import { openKey } from "./run-item.ts";
import type { RunRef } from "./run-store.ts";

/**
 * The list of runs that are not completed, in the control table. An entry is there before its run is open and
 * goes after its completion, so a crash leaves at most an entry of a run that is not open.
 */
export class OpenRuns {
  readonly #client: DynamoDBDocumentClient;
  readonly #controlTable: string;

  constructor(client: DynamoDBDocumentClient, controlTable: string) {
    this.#client = client;
    this.#controlTable = controlTable;
  }

  async list(run: RunRef, createdAt: string, attempt: number): Promise<void> {
    const Item = {
      ...openKey(run.runId, createdAt),
      image_id: run.imageId,
      receipt_id: run.receiptId,
      run_id: run.runId,
      attempt,
      /** When the attempt was opened; the key has the time of the run itself. */
      opened_at: new Date().toISOString(),
    };
    await this.#client.send(new PutCommand({ TableName: this.#controlTable, Item }));
  }

  /** Only the entry of that attempt: a run that was re-opened meanwhile stays listed. */
  async unlist(runId: string, createdAt: string, attempt: number): Promise<void> {
    const remove = new DeleteCommand({
      TableName: this.#controlTable,
      Key: { ...openKey(runId, createdAt) },
      ConditionExpression: "attempt = :attempt",
      ExpressionAttributeValues: { ":attempt": attempt },
    });
    await unlessRefused(this.#client.send(remove));
  }
}
