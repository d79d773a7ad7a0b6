import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import { csvDelimiters, type ItemReader } from "../graph/definition.ts";
import { messageOf, StatesError } from "../states-error.ts";
import { csvRows } from "./csv-rows.ts";

const getObject = z.strictObject({ Bucket: z.string().min(1), Key: z.string().min(1) });

/** The items of an object in S3, read whole. Throws States.ItemReaderFailed. */
export async function readItems(
  { ReaderConfig: config }: ItemReader,
  parameters: unknown,
  s3: S3Client,
): Promise<readonly unknown[]> {
  try {
    const { Body } = await s3.send(new GetObjectCommand(getObject.parse(parameters)));
    const text = (await Body?.transformToString("utf8")) ?? "";
    return itemsOf(config, text);
  } catch (error) {
    throw new StatesError("States.ItemReaderFailed", messageOf(error));
  }
}

function itemsOf(config: ItemReader["ReaderConfig"], text: string): readonly unknown[] {
  if (config.InputType === "CSV") return csvItems(config, text);
  if (config.InputType === "JSONL") {
    return text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line): unknown => JSON.parse(line));
  }
  const items: unknown = JSON.parse(text);
  if (Array.isArray(items)) return items;
  throw new Error("Attempting to map over non-iterable node: the object is not a JSON array.");
}

/** Every row is an object of strings. Cells without a header are left out, missing ones are empty. */
function csvItems(config: ItemReader["ReaderConfig"], text: string): object[] {
  const rows = csvRows(text, csvDelimiters[config.CSVDelimiter]);
  const headers: readonly string[] = config.CSVHeaders ?? rows.next().value ?? [];
  return [...rows].map((row) => Object.fromEntries(headers.map((header, at) => [header, row[at] ?? ""])));
}
