import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import type { ResultWriter } from "../graph/definition.ts";
import type { Execution, ExecutionIdentity } from "../interpreter/execution.ts";
import { messageOf, StatesError } from "../states-error.ts";
import type { MapRun } from "./map-run.ts";
import { pendingRecord, type Transformation, transformed } from "./results.ts";

const putObject = z.strictObject({ Bucket: z.string().min(1), Prefix: z.string().default("") });

/** A new file is begun beyond this. AWS does so at 5 GB. */
const maxFileCharacters = 64 * 1024 * 1024;

interface ResultFile {
  readonly Key: string;
  readonly Size: number;
}

type Put = (key: string, text: string) => Promise<ResultFile>;

export interface MapRunResults {
  readonly mapRun: MapRun;
  /** All are over. */
  readonly children: readonly Execution[];
  /** The children that were not started. */
  readonly pending: AsyncIterable<ExecutionIdentity>;
}

/** Writes SUCCEEDED_n, FAILED_n, PENDING_n and manifest.json; answers the Map state's output. Throws States.ResultWriterFailed. */
export async function writeResults(
  writer: ResultWriter,
  parameters: unknown,
  { mapRun, children, pending }: MapRunResults,
  s3: S3Client,
): Promise<object> {
  try {
    const { Bucket, Prefix } = putObject.parse(parameters);
    const folder = [Prefix.replace(/\/$/, ""), mapRun.arn.split(":").at(-1)].filter(Boolean).join("/");
    const put: Put = async (name, text) => {
      const Key = `${folder}/${name}`;
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: text, ContentType: "application/json" }));
      return { Key, Size: Buffer.byteLength(text) };
    };
    const { Transformation, OutputType } = writer.WriterConfig ?? {
      Transformation: "NONE",
      OutputType: "JSON",
    };
    const entries = (succeeded: boolean) =>
      entriesOf(
        children.filter(({ status }) => (status === "SUCCEEDED") === succeeded),
        Transformation,
      );
    const manifest = {
      DestinationBucket: Bucket,
      MapRunArn: mapRun.arn,
      ResultFiles: {
        FAILED: await writeFiles("FAILED", OutputType, entries(false), put),
        PENDING: await writeFiles("PENDING", OutputType, pendingEntries(pending), put),
        SUCCEEDED: await writeFiles("SUCCEEDED", OutputType, entries(true), put),
      },
    };
    const { Key } = await put("manifest.json", JSON.stringify(manifest));
    return { MapRunArn: mapRun.arn, ResultWriterDetails: { Bucket, Key } };
  } catch (error) {
    throw new StatesError("States.ResultWriterFailed", messageOf(error));
  }
}

function* entriesOf(children: readonly Execution[], transformation: Transformation): Generator<unknown> {
  for (const child of children) yield* transformed(child, transformation);
}

async function* pendingEntries(pending: AsyncIterable<ExecutionIdentity>): AsyncGenerator<unknown> {
  for await (const identity of pending) yield pendingRecord(identity);
}

/** Never holds more than one file's text. */
async function writeFiles(
  kind: string,
  outputType: "JSON" | "JSONL",
  results: Iterable<unknown> | AsyncIterable<unknown>,
  put: Put,
): Promise<ResultFile[]> {
  const files: ResultFile[] = [];
  let entries: string[] = [];
  let characters = 0;
  const flush = async () => {
    const text = outputType === "JSON" ? `[${entries.join(",")}]` : `${entries.join("\n")}\n`;
    files.push(await put(`${kind}_${files.length}.${outputType.toLowerCase()}`, text));
    entries = [];
    characters = 0;
  };
  for await (const result of results) {
    const entry = JSON.stringify(result);
    entries.push(entry);
    characters += entry.length;
    if (characters > maxFileCharacters) await flush();
  }
  if (entries.length > 0) await flush();
  return files;
}
