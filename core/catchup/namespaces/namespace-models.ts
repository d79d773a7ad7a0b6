import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { unlessConditionFailed } from "../../conditional-write.ts";
import { type NamespaceModel, namespaceModel } from "./namespace-model.ts";

/** The partition key of a namespace in the tasks table. It has an item per sink, because another sink starts empty. */
export function namespaceKey(namespace: string): string {
  return `NAMESPACE#${namespace}`;
}

/** Which model each namespace of a sink is for. The first task that writes to a namespace decides. */
export class NamespaceModels {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #sink: string;

  /** `sink` names the sink and its address. */
  constructor(client: DynamoDBDocumentClient, table: string, sink: string) {
    this.#client = client;
    this.#table = table;
    this.#sink = sink;
  }

  async read(namespace: string): Promise<NamespaceModel | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: this.#keyOf(namespace), ConsistentRead: true }),
    );
    return Item && namespaceModel.parse(Item);
  }

  /** Records the model, unless another process has recorded one meanwhile. Resolves to the recorded one. */
  async claim(namespace: string, model: NamespaceModel): Promise<NamespaceModel> {
    const written = await unlessConditionFailed(
      this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: this.#keyOf(namespace),
          UpdateExpression: "SET #model = :model, dimensions = :dimensions, text_format = :format",
          ConditionExpression: "attribute_not_exists(PK)",
          ExpressionAttributeNames: { "#model": "model" },
          ExpressionAttributeValues: {
            ":model": model.model,
            ":dimensions": model.dimensions,
            ":format": model.text_format,
          },
        }),
      ),
    );
    if (written !== undefined) return model;
    return (await this.read(namespace)) ?? this.claim(namespace, model);
  }

  #keyOf(namespace: string) {
    return { PK: namespaceKey(namespace), SK: `MODEL#${this.#sink}` };
  }
}
