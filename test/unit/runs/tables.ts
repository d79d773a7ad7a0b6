import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateTableCommand, DynamoDBClient, ResourceNotFoundException } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb";

type Dynalite = (options: { createTableMs: number }) => Server;

/** A DynamoDB on loopback that really evaluates conditions, with a receipts and a control table. */
export class Tables {
  readonly receiptsTable = "receipts";
  readonly controlTable = "control";
  readonly client: DynamoDBDocumentClient;
  readonly dynamo: DynamoDBClient;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.dynamo = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    this.client = DynamoDBDocumentClient.from(this.dynamo);
  }

  static async start(): Promise<Tables> {
    const dynalite = createRequire(join(import.meta.dirname, "tables.ts"))("dynalite") as Dynalite;
    const server = dynalite({ createTableMs: 0 });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const tables = new Tables(server);
    await tables.#create(tables.receiptsTable);
    await tables.#create(tables.controlTable);
    return tables;
  }

  async items(table: string): Promise<Record<string, unknown>[]> {
    const { Items = [] } = await this.client.send(
      new ScanCommand({ TableName: table, ConsistentRead: true }),
    );
    return Items;
  }

  /** The sort keys of the list of open runs. */
  async openRuns(): Promise<string[]> {
    const items = await this.items(this.controlTable);
    return items.filter(({ PK }) => String(PK).startsWith("OPEN#")).map(({ SK }) => String(SK));
  }

  async stop(): Promise<void> {
    this.dynamo.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #create(table: string): Promise<void> {
    await this.dynamo.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [
          { AttributeName: "PK", AttributeType: "S" },
          { AttributeName: "SK", AttributeType: "S" },
        ],
        KeySchema: [
          { AttributeName: "PK", KeyType: "HASH" },
          { AttributeName: "SK", KeyType: "RANGE" },
        ],
      }),
    );
    while (!(await this.#isActive(table))) await sleep(5);
  }

  /** A table that was just made takes a moment. */
  async #isActive(table: string): Promise<boolean> {
    try {
      await this.items(table);
      return true;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return false;
      throw error;
    }
  }
}
