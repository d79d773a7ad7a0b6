import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { DescribeFileSystemsCommand, EFSClient } from "@aws-sdk/client-efs";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SNSClient } from "@aws-sdk/client-sns";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { shardNames } from "../../contract/collections.ts";
import { sinkOpener } from "../../core/catchup/host/open-sink.ts";
import { recordedBytes } from "../../core/collections/generations/stored-bytes.ts";
import type { Check } from "../../core/doctor/check.ts";
import { ok } from "../../core/doctor/check.ts";
import { checkAlarmTopic } from "../../core/doctor/check-alarm-topic.ts";
import { checkEmbedding } from "../../core/doctor/check-embedding.ts";
import { checkFileSystem } from "../../core/doctor/check-file-system.ts";
import { checkIndex } from "../../core/doctor/check-index.ts";
import { checkQuestion } from "../../core/doctor/check-question.ts";
import { checkStream } from "../../core/doctor/check-stream.ts";
import type { FileSystemUse } from "../../core/doctor/file-system-size.ts";
import { OpenAiEmbedder } from "../../core/embedding/openai-embedder.ts";
import { unlimited } from "../../core/resilience/rate-limiter.ts";
import { readSecret } from "../../core/settings/secret.ts";
import type { StackOutputs } from "../target.ts";
import {
  catchUpApiSettings,
  catchUpSettings,
  embeddingSettings,
  networkOf,
  settingsOf,
} from "./deployed-settings.ts";

/** Returns all checks of a stack. `maxMs` is the time limit of each. */
export function checksOf(outputs: StackOutputs, maxMs: number): Check[] {
  const lambda = new LambdaClient({});
  const dynamodb = new DynamoDBClient({});
  const giveUpAt = () => Date.now() + maxMs;
  return [
    { name: "embedding", run: () => embeddingCheck(lambda, outputs, giveUpAt) },
    ...(outputs.catchUp ? catchUpChecks(lambda, outputs.catchUp, giveUpAt) : []),
    {
      name: "stream",
      run: () =>
        checkStream({
          dynamodb,
          lambda,
          receiptsTable: outputs.receiptsTable,
          streamProcessor: outputs.functions.streamProcessor,
        }),
    },
    { name: "alarms", run: () => checkAlarmTopic(new SNSClient({}), outputs.alarmTopicArn) },
    {
      name: "files",
      run: async () =>
        checkFileSystem({
          efs: new EFSClient({}),
          fileSystemId: outputs.collectionsFileSystem,
          ec2: new EC2Client({}),
          network: await networkOf(lambda, outputs.functions.generations),
          keptBytes: () => keptBytes(dynamodb, outputs),
        }),
    },
  ];
}

/** Returns the billed size of EFS and the size of the kept generations. */
export async function fileSystemUse(outputs: StackOutputs): Promise<FileSystemUse> {
  const { collectionsFileSystem: FileSystemId } = outputs;
  const [{ FileSystems }, kept] = await Promise.all([
    new EFSClient({}).send(new DescribeFileSystemsCommand({ FileSystemId })),
    keptBytes(new DynamoDBClient({}), outputs),
  ]);
  return { meteredBytes: FileSystems?.[0]?.SizeInBytes?.Value ?? 0, keptBytes: kept };
}

/** Returns the bytes of the published generations of all shards. */
function keptBytes(dynamodb: DynamoDBClient, outputs: StackOutputs): Promise<number | undefined> {
  const client = DynamoDBDocumentClient.from(dynamodb);
  return recordedBytes({ client, controlTable: outputs.controlTable }, [
    ...shardNames("lines", outputs.linesQueueUrls.length),
    ...shardNames("words", outputs.wordsQueueUrls.length),
  ]);
}

async function embeddingCheck(lambda: LambdaClient, { functions }: StackOutputs, giveUpAt: () => number) {
  const settings = await settingsOf(lambda, functions.embed, embeddingSettings);
  const embedder = new OpenAiEmbedder({
    apiKey: await readSecret(settings.EMBEDDING_API_KEY_SECRET, "embedding:apiKey"),
    baseUrl: settings.EMBEDDING_BASE_URL,
    model: settings.EMBEDDING_MODEL,
    dimensions: settings.EMBEDDING_DIMENSIONS,
    limiter: unlimited,
    giveUpAt,
  });
  return checkEmbedding(embedder, settings.EMBEDDING_BASE_URL);
}

function catchUpChecks(
  lambda: LambdaClient,
  { functions }: NonNullable<StackOutputs["catchUp"]>,
  giveUpAt: () => number,
): Check[] {
  const deployed = () => settingsOf(lambda, functions.run, catchUpSettings);
  return [
    {
      name: "index",
      async run() {
        const settings = await deployed();
        const { DEFAULT_NAMESPACE } = await settingsOf(lambda, functions.api, catchUpApiSettings);
        const sink = await sinkOpener(settings)(giveUpAt());
        return checkIndex(sink, settings.SINK_PLACE, DEFAULT_NAMESPACE, settings.EMBEDDING_DIMENSIONS);
      },
    },
    {
      name: "question",
      async run() {
        const { METABASE_URL: url, METABASE_API_KEY_SECRET } = await deployed();
        if (url === undefined || METABASE_API_KEY_SECRET === undefined) {
          return [ok("No Metabase is set: tasks take CSV files only.")];
        }
        const { DEFAULT_QUESTION_ID } = await settingsOf(lambda, functions.api, catchUpApiSettings);
        const apiKey = await readSecret(METABASE_API_KEY_SECRET, "catchup:metabaseApiKey");
        return checkQuestion({ url, apiKey, giveUpAt: giveUpAt() }, DEFAULT_QUESTION_ID);
      },
    },
  ];
}
