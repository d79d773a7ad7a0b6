import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createScheduler, createWorker, OEM, type Scheduler } from "tesseract.js";

/** A line that was read in an image. */
export interface TextLine {
  readonly text: string;
  /** Height of the letters in pixels. */
  readonly height: number;
  /** Percent. */
  readonly confidence: number;
}

const workers = 2;
/** A line with less confidence is a texture or drawing that was misread as text. */
const minConfidence = 50;
const languageFolder = join(
  dirname(createRequire(import.meta.url).resolve("@tesseract.js-data/eng")),
  "4.0.0_best_int",
);

/** Optical character recognition by tesseract, in threads that start with the first image. Nothing is downloaded. */
export class TextReader {
  #scheduler: Promise<Scheduler> | undefined;

  /** Returns the lines from top to bottom. */
  async read(image: Buffer): Promise<TextLine[]> {
    this.#scheduler ??= startScheduler().catch((error: unknown) => {
      this.#scheduler = undefined;
      throw error;
    });
    const { data } = await (await this.#scheduler).addJob("recognize", image, {}, { blocks: true });
    const lines = (data.blocks ?? []).flatMap(({ paragraphs }) => paragraphs.flatMap((one) => one.lines));
    return lines
      .map(({ text, confidence, words }) => ({ text: text.trim(), confidence, height: heightOf(words) }))
      .filter(({ text, confidence }) => /[\p{L}\p{N}]/u.test(text) && confidence >= minConfidence);
  }

  async close(): Promise<void> {
    await (await this.#scheduler)?.terminate();
  }
}

interface Word {
  readonly bbox: { readonly y0: number; readonly y1: number };
}

/** Returns the median height of its words, because brackets and rules are higher. */
function heightOf(words: readonly Word[]): number {
  const heights = words.map(({ bbox }) => bbox.y1 - bbox.y0).sort((a, b) => a - b);
  return heights[Math.floor(heights.length / 2)] ?? 0;
}

async function startScheduler(): Promise<Scheduler> {
  const scheduler = createScheduler();
  for (let count = 0; count < workers; count++) {
    const options = { langPath: languageFolder, cacheMethod: "none", gzip: true };
    scheduler.addWorker(await createWorker("eng", OEM.LSTM_ONLY, options));
  }
  return scheduler;
}
