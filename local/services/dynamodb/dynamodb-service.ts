import { jsonAction, jsonError, jsonInput, jsonReply } from "../../endpoint/json-protocol.ts";
import { AwsError, type LocalService } from "../../endpoint/service.ts";
import { ChangeStream, type StreamViewType } from "./change-stream.ts";
import { dynamodbPermissions } from "./permissions.ts";
import { streamActions } from "./stream-actions.ts";
import { ConditionFailed, type Input, Tables } from "./tables.ts";

type Output = Record<string, unknown>;

/** What a table was created with beyond what dynalite knows: echoed by DescribeTable. */
interface TableExtras {
  readonly description: Output;
  readonly deletionProtected: boolean;
  readonly stream: ChangeStream | undefined;
}

/** DynamoDB and DynamoDB Streams: dynalite's tables, and streams of our own made of its writes. */
export function dynamodbService(): LocalService {
  const extras = new Map<string, TableExtras>();
  const streams = new Map<string, ChangeStream>();
  const tables = new Tables((name, before, after) => extras.get(name)?.stream?.append(before, after));

  const describe = (table: Output): Output => ({
    ...table,
    ...extras.get(String(table.TableName))?.description,
  });

  async function createTable(input: Input): Promise<Output> {
    const { StreamSpecification, SSESpecification, DeletionProtectionEnabled, TableClass, Tags, ...known } =
      input;
    await tables.perform("CreateTable", known);
    const table = await tables.settled(String(input.TableName));
    const stream = streamOf(table, StreamSpecification);
    if (stream !== undefined) streams.set(stream.arn, stream);
    extras.set(String(input.TableName), {
      stream,
      deletionProtected: DeletionProtectionEnabled === true,
      description: {
        DeletionProtectionEnabled: DeletionProtectionEnabled === true,
        ...(TableClass === undefined ? {} : { TableClassSummary: { TableClass } }),
        ...(SSESpecification === undefined ? {} : { SSEDescription: { Status: "ENABLED", SSEType: "KMS" } }),
        ...(stream === undefined
          ? {}
          : { StreamSpecification, LatestStreamArn: stream.arn, LatestStreamLabel: stream.label }),
      },
    });
    if (Array.isArray(Tags) && Tags.length > 0) {
      await tables.perform("TagResource", { ResourceArn: table.TableArn, Tags });
    }
    return { TableDescription: describe(table) };
  }

  async function deleteTable(input: Input): Promise<Output> {
    const name = String(input.TableName);
    const extra = extras.get(name);
    if (extra?.deletionProtected) {
      throw new AwsError(
        400,
        "ValidationException",
        `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first: ${name}`,
      );
    }
    const output = await tables.perform("DeleteTable", input);
    if (extra?.stream !== undefined) streams.delete(extra.stream.arn);
    extras.delete(name);
    return output;
  }

  async function perform(action: string, input: Input): Promise<Output> {
    const streamAction = streamActions[action];
    if (streamAction !== undefined) return streamAction(streams, input);
    switch (action) {
      case "CreateTable":
        return createTable(input);
      case "DeleteTable":
        return deleteTable(input);
      case "DescribeTable": {
        const { Table } = await tables.perform(action, input);
        return { Table: describe(Table as Output) };
      }
      default:
        return tables.perform(action, input);
    }
  }

  return {
    names: ["dynamodb"],
    permissions: (call) => dynamodbPermissions(jsonAction(call), jsonInput(call)),
    handle: async (call) => jsonReply(call, await perform(jsonAction(call), jsonInput(call))),
    renderError(error, call) {
      const reply = jsonError(call, error, "com.amazonaws.dynamodb.v20120810#");
      if (!(error instanceof ConditionFailed)) return reply;
      const body = JSON.parse(reply.body.toString());
      return { ...reply, body: JSON.stringify({ ...body, Item: error.item }) };
    },
    close: () => tables.close(),
  };
}

function streamOf(table: Output, specification: unknown): ChangeStream | undefined {
  const { StreamEnabled, StreamViewType } = (specification ?? {}) as {
    StreamEnabled?: boolean;
    StreamViewType?: StreamViewType;
  };
  if (StreamEnabled !== true || StreamViewType === undefined) return undefined;
  const keySchema = table.KeySchema as { AttributeName: string }[];
  const streamed = { name: String(table.TableName), keyNames: keySchema.map((key) => key.AttributeName) };
  return new ChangeStream(streamed, StreamViewType, new Date());
}
