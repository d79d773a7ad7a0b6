import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { type Endpoint, startEndpoint } from "../../../local/endpoint/endpoint.ts";
import { administratorKey, Iam } from "../../../local/iam/iam.ts";
import { dynamodbService } from "../../../local/services/dynamodb/dynamodb-service.ts";

/** A DynamoDB on loopback that really evaluates conditions, with a receipts and a control table. */
export class Tables {
  readonly receiptsTable = "receipts";
  readonly sourceTable = this.receiptsTable;
  readonly controlTable = "control";
  readonly client: DynamoDBDocumentClient;
  readonly dynamo: DynamoDBClient;
  readonly #endpoint: Endpoint;

  private constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.dynamo = new DynamoDBClient({
      endpoint: endpoint.url,
      region: "us-east-1",
      credentials: { accessKeyId: administratorKey, secretAccessKey: administratorKey },
    });
    this.client = DynamoDBDocumentClient.from(this.dynamo);
  }

  static async start(): Promise<Tables> {
    const endpoint = await startEndpoint({ port: 0, services: [dynamodbService()], iam: new Iam() });
    const tables = new Tables(endpoint);
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
    await this.#endpoint.close();
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
  }
}
