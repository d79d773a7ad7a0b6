import { setTimeout as sleep } from "node:timers/promises";
import { CreateTableCommand, DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { WatchLease } from "../../../core/bulk/work/watch-lease.ts";
import { forgetNamespace } from "../../../core/catchup/namespaces/forget-namespace.ts";
import type { NamespaceModel } from "../../../core/catchup/namespaces/namespace-model.ts";
import { NamespaceModels } from "../../../core/catchup/namespaces/namespace-models.ts";
import { ChunkCounts } from "../../../core/catchup/tasks/chunk-counts.ts";
import { Claims } from "../../../core/catchup/tasks/claims.ts";
import { OpenTasks } from "../../../core/catchup/tasks/open-tasks.ts";
import { newTaskId, type Task } from "../../../core/catchup/tasks/task.ts";
import { newestFirstIndex, TaskStore } from "../../../core/catchup/tasks/task-store.ts";
import { UnitStore } from "../../../core/catchup/tasks/unit-store.ts";
import { Tables } from "../runs/tables.ts";
import { requestOf } from "./requests.ts";

/** The table of tasks in a DynamoDB on loopback that really evaluates conditions. */
export class TaskTables {
  readonly tasks: TaskStore;
  readonly chunkCounts: ChunkCounts;
  readonly units: UnitStore;
  readonly claims: Claims;
  readonly openTasks: OpenTasks;
  /** Every request to DynamoDB so far, as `UpdateItemCommand`. */
  readonly sent: string[] = [];
  readonly #tables: Tables;

  private constructor(tables: Tables) {
    this.#tables = tables;
    this.tasks = new TaskStore(tables.client, tableName);
    this.chunkCounts = new ChunkCounts(tables.client, tableName);
    this.units = new UnitStore(tables.client, tableName);
    this.claims = new Claims(tables.client, tableName);
    this.openTasks = new OpenTasks(tables.client, tableName);
    tables.dynamo.middlewareStack.add(
      (next, { commandName = "" }) =>
        (args) => {
          this.sent.push(commandName);
          return next(args);
        },
      { step: "initialize" },
    );
  }

  static async start(): Promise<TaskTables> {
    const tables = await Tables.start();
    await tables.dynamo.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: ["PK", "SK", "kind", "created_at"].map((AttributeName) => ({
          AttributeName,
          AttributeType: "S",
        })),
        KeySchema: [
          { AttributeName: "PK", KeyType: "HASH" },
          { AttributeName: "SK", KeyType: "RANGE" },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: newestFirstIndex,
            Projection: { ProjectionType: "ALL" },
            KeySchema: [
              { AttributeName: "kind", KeyType: "HASH" },
              { AttributeName: "created_at", KeyType: "RANGE" },
            ],
          },
        ],
      }),
    );
    for (let status: string | undefined; status !== "ACTIVE"; await sleep(5)) {
      const { Table } = await tables.dynamo.send(new DescribeTableCommand({ TableName: tableName }));
      status = Table?.TableStatus;
    }
    return new TaskTables(tables);
  }

  namespaces(sink: string): NamespaceModels {
    return new NamespaceModels(this.#tables.client, tableName, sink);
  }

  forgetNamespace(namespace: string): Promise<NamespaceModel[]> {
    return forgetNamespace(namespace, this.#tables.client, tableName);
  }

  watchLease(now: () => number): WatchLease {
    return new WatchLease(this.#tables.client, tableName, now);
  }

  /** Of a client of its own, as `change` leaves it. */
  tasksThrough(change: (client: DynamoDBDocumentClient) => DynamoDBDocumentClient): TaskStore {
    return new TaskStore(change(DynamoDBDocumentClient.from(this.#tables.dynamo)), tableName);
  }

  chunkCountsAt(now: () => number): ChunkCounts {
    return new ChunkCounts(this.#tables.client, tableName, now);
  }

  /** Every task there is, expired ones too. */
  async all(): Promise<Record<string, unknown>[]> {
    return (await this.#tables.items(tableName)).filter(({ SK }) => SK === "TASK");
  }

  /** Writes any item. */
  async put(item: Record<string, unknown>): Promise<void> {
    await this.#tables.client.send(new PutCommand({ TableName: tableName, Item: item }));
  }

  stop(): Promise<void> {
    return this.#tables.stop();
  }
}

const tableName = "tasks";

/** A task as it is when it was just accepted. */
export function taskOf(changed: Partial<Task> = {}): Task {
  const now = Date.now();
  const at = new Date(now).toISOString();
  return {
    task_id: newTaskId(now),
    status: "PENDING",
    request: requestOf(),
    created_at: at,
    updated_at: at,
    alive_until: now + 60_000,
    expires_at: Math.floor(now / 1000) + 3_600,
    ...changed,
  };
}
