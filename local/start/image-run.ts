import { readFile } from "node:fs/promises";
import { join, parse } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { hitLines } from "../../cli/images/report.ts";
import { searchAs } from "../../cli/images/search-client.ts";
import { type StackImages, stackImages } from "../../cli/images/stack-images.ts";
import { imagesAt, uploadImages } from "../../cli/images/upload.ts";
import { progressBar } from "../../cli/progress-bar.ts";
import type { Screen } from "../../cli/screen.ts";
import type { ItemState } from "../../core/images/database/item-states.ts";
import type { LocalStack } from "../stack.ts";

const labels = z.object({ broken: z.array(z.string()) });
const questions = ["train times", "something sweet"];
const hitsShown = "3";
const user = "demo";

const lookEveryMs = 1_000;
/** The limit without progress; longer than a message stays invisible before its next delivery. */
const maxWaitMs = 180_000;

/** The progress of a user's images. */
export interface ImageProgress {
  readonly processed: number;
  readonly analyzed: number;
  readonly embedded: number;
  /** Names of the objects that are not embedded. */
  readonly missing: readonly string[];
}

/** Summarizes the states of the items of uploaded images. */
export function progressOf(
  keys: readonly string[],
  items: readonly {
    readonly object_key: string;
    readonly analysis_id: string | null;
    readonly embedded_analysis_id: string | null;
  }[],
): ImageProgress {
  const states = new Map(items.map((item) => [item.object_key, item] as const));
  const uploaded = keys.map((key) => ({ key, item: states.get(key) }));
  const analyzed = uploaded.filter(({ item }) => (item?.analysis_id ?? null) !== null);
  const embedded = analyzed.filter(({ item }) => item?.embedded_analysis_id === item?.analysis_id);
  const done = new Set(embedded.map(({ key }) => key));
  return {
    processed: uploaded.filter(({ item }) => item !== undefined).length,
    analyzed: analyzed.length,
    embedded: embedded.length,
    missing: keys.filter((key) => !done.has(key)),
  };
}

/** Sends images through a stack that has just started, and searches them. */
export class ImageRun {
  readonly #images: StackImages;
  readonly #screen: Screen;
  readonly #signal: AbortSignal;

  /** The stack's environment must be set in this process. Throws ImagesNotDeployedError. */
  constructor({ outputs }: LocalStack, screen: Screen, signal: AbortSignal) {
    this.#images = stackImages(outputs);
    this.#screen = screen;
    this.#signal = signal;
  }

  /** Returns a sentence for each file that was lost in one of the three steps; empty if none was. */
  async run(files: readonly string[]): Promise<readonly string[]> {
    this.#screen.heading(`Sending ${files.length} images`);
    const { s3, outputs } = this.#images;
    const keys: string[] = [];
    for (const file of files) keys.push(...(await uploadImages(file, user, { s3, bucket: outputs.bucket })));
    const { missing } = await this.#watch(keys);
    return missing.map((key) => `The image ${key} was not embedded.`);
  }

  /** Runs a few searches and prints the hits. */
  async search(): Promise<void> {
    for (const question of questions) {
      const answer = await searchAs(user, { q: question, k: hitsShown }, this.#images.outputs);
      this.#screen.heading(`Images: "${question}"`);
      this.#screen.print(...hitLines(answer).map((line) => `  ${line}`));
    }
  }

  async #items() {
    const items: ItemState[] = [];
    for await (const item of this.#images.states.all(user)) items.push(item);
    return items;
  }

  async #watch(keys: readonly string[]): Promise<ImageProgress> {
    const began = performance.now();
    let movedAt = began;
    let last = progressOf(keys, []);
    while (last.missing.length > 0 && performance.now() - movedAt < maxWaitMs) {
      await sleep(lookEveryMs, undefined, { signal: this.#signal });
      const now = progressOf(keys, await this.#items());
      if (sum(now) !== sum(last)) movedAt = performance.now();
      last = now;
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      const { processed, analyzed, embedded } = now;
      this.#screen.status(
        [
          bar("processed", processed, keys.length),
          bar("analyzed", analyzed, keys.length),
          bar("embedded", embedded, keys.length),
        ],
        `${seconds} s: images ${processed} processed, ${analyzed} analyzed, ${embedded} embedded of ${keys.length}`,
      );
    }
    return last;
  }
}

function sum({ processed, analyzed, embedded }: ImageProgress): number {
  return processed + analyzed + embedded;
}

function bar(title: string, done: number, of: number): string {
  return `  ${title.padEnd(10)}${progressBar(done, of)} ${done}/${of} images`;
}

/**
 * Image files of a folder. Those that its labels.json calls broken are left to the user to upload, as a start ends with empty
 * dead-letter queues. Throws NoImagesError.
 */
export async function soundImages(folder: string): Promise<string[]> {
  const files = await imagesAt(folder);
  const json = await readFile(join(folder, "labels.json"), "utf8").catch(() => undefined);
  const { broken } = json === undefined ? { broken: [] } : labels.parse(JSON.parse(json));
  return files.filter((file) => !broken.includes(parse(file).name)).sort();
}
