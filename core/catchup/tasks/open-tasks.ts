import { type DynamoDBDocumentClient, paginateQuery } from "@aws-sdk/lib-dynamodb";
import { InputError } from "../../vectorkeep-error.ts";
import { isOpen, type Task, task } from "./task.ts";
import { kind, newestFirstIndex } from "./task-store.ts";

/** Items per query. */
const pageSize = 200;

/** An item of the index is not a valid task: it was edited, or written by another program. */
export class TaskUnreadableError extends InputError {
  constructor(item: Record<string, unknown>, problems: readonly string[]) {
    super(
      `The task in the item ${item.PK} cannot be read: ${problems.join("; ")}.`,
      "Correct the item, or delete it and send its request again.",
    );
  }
}

/** The tasks that have not ended. */
export class OpenTasks {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /**
   * Pages of the index, newest first and eventually consistent. Reads all tasks, because a task can be open until it
   * expires and DynamoDB deletes expired ones. An unreadable item is reported and does not stop the iteration.
   */
  async *pages(onUnreadable: (reason: TaskUnreadableError) => void, now: number): AsyncGenerator<Task[]> {
    const pages = paginateQuery(
      { client: this.#client, pageSize },
      {
        TableName: this.#table,
        IndexName: newestFirstIndex,
        KeyConditionExpression: "kind = :kind",
        ExpressionAttributeValues: { ":kind": kind },
        ScanIndexForward: false,
      },
    );
    for await (const { Items = [] } of pages) {
      const readable = Items.flatMap((item) => readTask(item, onUnreadable) ?? []);
      yield readable.filter(({ status, expires_at }) => isOpen(status) && expires_at * 1000 > now);
    }
  }
}

function readTask(
  item: Record<string, unknown>,
  onUnreadable: (reason: TaskUnreadableError) => void,
): Task | undefined {
  const { data, error } = task.safeParse(item);
  if (error) {
    const problems = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    onUnreadable(new TaskUnreadableError(item, problems));
  }
  return data;
}
