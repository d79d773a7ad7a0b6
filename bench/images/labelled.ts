import { readdir, readFile } from "node:fs/promises";
import { join, parse } from "node:path";
import * as z from "zod";
import { imageExtensions } from "../../contract/images.ts";

const labels = z.object({
  /** Names of files that no image can be read from. */
  broken: z.array(z.string()).default([]),
  questions: z.array(z.object({ question: z.string(), relevant: z.array(z.string()).min(1) })).min(1),
});

/** Images, and questions with the names of those that answer them. */
export interface Labelled extends z.infer<typeof labels> {
  /** Paths of those that can be read. */
  readonly files: readonly string[];
}

/** Reads a folder of images with a `labels.json`, as `samples/images` is. */
export async function labelledImages(folder: string): Promise<Labelled> {
  const read = labels.parse(JSON.parse(await readFile(join(folder, "labels.json"), "utf8")));
  const files = (await readdir(folder))
    .filter((file) => imageExtensions.some((extension) => file.toLowerCase().endsWith(`.${extension}`)))
    .filter((file) => !read.broken.includes(parse(file).name))
    .sort()
    .map((file) => join(folder, file));
  return { ...read, files };
}
