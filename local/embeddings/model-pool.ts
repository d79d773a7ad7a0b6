import { Worker } from "node:worker_threads";
import { FairQueue } from "./fair-queue.ts";
import { type EmbeddedTexts, maxTokensRead, modelDimensions } from "./sentence-model.ts";

/** One text's vector: 512 little-endian float32 values. */
export interface Embedded {
  readonly vector: Uint8Array;
  readonly tokens: number;
}

interface Slice {
  readonly texts: string[];
  done(answer: EmbeddedTexts | { error: string }): void;
}

const workerCount = 2;
const textsPerBatch = 32;
const vectorBytes = modelDimensions * Float32Array.BYTES_PER_ELEMENT;

/** The model in worker threads, which start at the first request. Requests take turns, a slice of texts at a time. */
export class ModelPool {
  readonly #queue = new FairQueue<Slice>();
  readonly #workers = new Set<Worker>();
  readonly #running = new Map<Worker, Slice>();
  readonly #idle: Worker[] = [];
  #closed = false;
  #hasTold = false;
  readonly #tell: (message: string) => void;

  /** `tell` is called once, at the first text that exceeds the model's limit. */
  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  async embed(texts: readonly string[]): Promise<Embedded[]> {
    const byLength = texts.map((_, index) => index);
    byLength.sort((one, other) => (texts[one] ?? "").length - (texts[other] ?? "").length);
    const embedded: Embedded[] = new Array(texts.length);
    const turns = this.#queue.newTurns();
    const slices: Promise<void>[] = [];
    for (let start = 0; start < byLength.length; start += textsPerBatch) {
      const indexes = byLength.slice(start, start + textsPerBatch);
      slices.push(
        this.#embedSlice(
          turns,
          indexes.map((index) => texts[index] ?? ""),
        ).then((vectors) => {
          indexes.forEach((index, row) => {
            embedded[index] = vectors[row] as Embedded;
          });
        }),
      );
    }
    await Promise.all(slices);
    return embedded;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const slice of this.#queue.drain()) slice.done({ error: "The embeddings server is stopping." });
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }

  #embedSlice(turns: symbol, texts: string[]): Promise<Embedded[]> {
    return new Promise((resolve, reject) => {
      this.#queue.push(turns, {
        texts,
        done: (answer) => ("error" in answer ? reject(new Error(answer.error)) : resolve(rowsOf(answer))),
      });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (!this.#closed && this.#queue.size > 0) {
      const worker = this.#idle.pop() ?? this.#startWorker();
      if (worker === undefined) return;
      const slice = this.#queue.shift();
      if (slice === undefined) return;
      this.#running.set(worker, slice);
      worker.postMessage(slice.texts);
    }
  }

  #startWorker(): Worker | undefined {
    if (this.#workers.size >= workerCount) return undefined;
    const worker = new Worker(new URL("./model-worker.ts", import.meta.url));
    this.#workers.add(worker);
    worker.on("message", (answer: EmbeddedTexts | { error: string }) => {
      if ("clipped" in answer && answer.clipped > 0) this.#tellOfClipping();
      this.#finish(worker, answer);
      this.#idle.push(worker);
      this.#dispatch();
    });
    worker.on("error", (error) => this.#finish(worker, { error: error.message }));
    worker.on("exit", (code) => {
      this.#finish(worker, { error: `The model's thread ended with code ${code}.` });
      this.#workers.delete(worker);
      this.#dispatch();
    });
    return worker;
  }

  #tellOfClipping(): void {
    if (this.#hasTold) return;
    this.#hasTold = true;
    this.#tell(
      `The local model reads the first ${maxTokensRead} tokens of a text, some 280 characters: it was trained on sentences. Longer texts are found by their beginning.`,
    );
  }

  #finish(worker: Worker, answer: EmbeddedTexts | { error: string }): void {
    this.#running.get(worker)?.done(answer);
    this.#running.delete(worker);
  }
}

function rowsOf({ vectors, tokens }: EmbeddedTexts): Embedded[] {
  const bytes = new Uint8Array(vectors.buffer);
  return tokens.map((count, row) => ({
    vector: bytes.slice(row * vectorBytes, (row + 1) * vectorBytes),
    tokens: count,
  }));
}
