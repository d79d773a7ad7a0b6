import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import type { ResultWriter } from "../definition/definition.ts";
import type { Execution } from "../executions/execution.ts";
import { messageOf, StatesError } from "../states-error.ts";
import type { MapRun } from "./map-run.ts";
import { transformed } from "./results.ts";

const putObject = z.strictObject({ Bucket: z.string().min(1), Prefix: z.string().default("") });

/** A new file is begun beyond this. AWS does so at 5 GB. */
const mostFileCharacters = 64 * 1024 * 1024;

interface ResultFile {
  readonly Key: string;
  readonly Size: number;
}

/** Writes SUCCEEDED_n, FAILED_n, PENDING_n and manifest.json; answers the Map state's output. Throws States.ResultWriterFailed. */
export async function writeResults(
  writer: ResultWriter,
  parameters: unknown,
  { mapRun, children, s3 }: { mapRun: MapRun; children: readonly Execution[]; s3: S3Client },
): Promise<object> {
  try {
    const { Bucket, Prefix } = putObject.parse(parameters);
    const folder = [Prefix.replace(/\/$/, ""), mapRun.arn.split(":").at(-1)].filter(Boolean).join("/");
    const put = async (Key: string, text: string): Promise<ResultFile> => {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: text, ContentType: "application/json" }));
      return { Key, Size: Buffer.byteLength(text) };
    };
    const of = (kind: string, wanted: (child: Execution) => boolean) =>
      writeFiles(writer, children.filter(wanted), (index, extension, text) =>
        put(`${folder}/${kind}_${index}.${extension}`, text),
      );
    const ResultFiles = {
      FAILED: await of(
        "FAILED",
        ({ status }) => status === "FAILED" || status === "TIMED_OUT" || status === "ABORTED",
      ),
      PENDING: await of("PENDING", ({ status }) => status === "RUNNING"),
      SUCCEEDED: await of("SUCCEEDED", ({ status }) => status === "SUCCEEDED"),
    };
    const manifest = { DestinationBucket: Bucket, MapRunArn: mapRun.arn, ResultFiles };
    const { Key } = await put(`${folder}/manifest.json`, JSON.stringify(manifest));
    return { MapRunArn: mapRun.arn, ResultWriterDetails: { Bucket, Key } };
  } catch (error) {
    throw new StatesError("States.ResultWriterFailed", messageOf(error));
  }
}

/** Never holds more than one file's text. */
async function writeFiles(
  { WriterConfig }: ResultWriter,
  children: readonly Execution[],
  put: (index: number, extension: string, text: string) => Promise<ResultFile>,
): Promise<ResultFile[]> {
  const { Transformation, OutputType } = WriterConfig ?? { Transformation: "NONE", OutputType: "JSON" };
  const files: ResultFile[] = [];
  let entries: string[] = [];
  let characters = 0;
  const flush = async () => {
    const text =
      OutputType === "JSON" ? `[${entries.join(",")}]` : entries.map((entry) => `${entry}\n`).join("");
    files.push(await put(files.length, OutputType.toLowerCase(), text));
    entries = [];
    characters = 0;
  };
  for (const child of children) {
    for (const result of transformed(child, Transformation)) {
      const entry = JSON.stringify(result);
      entries.push(entry);
      characters += entry.length;
      if (characters > mostFileCharacters) await flush();
    }
  }
  if (entries.length > 0) await flush();
  return files;
}
