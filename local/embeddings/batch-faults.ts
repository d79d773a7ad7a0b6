import * as z from "zod";

const positions = z.array(z.number().int().min(0)).default([]);

/** What goes wrong with one batch. Positions are those of its requests, from 0. */
const batchFault = z.strictObject({
  /** The batch exists, and the connection breaks before the client learns its id. */
  answerLost: z.boolean().default(false),
  /** Seconds for which no list names the batch. */
  unlistedSeconds: z.number().min(0).default(0),
  /** Fails after its creation with this code, before any request is processed. */
  failsWith: z.string().optional(),
  /** Only the first requests are processed; the others wait until the batch expires or is cancelled. */
  processes: z.number().int().min(0).optional(),
  /** Ends no earlier than this after its creation. */
  takesSeconds: z.number().min(0).default(0),
  /** The output has its lines in reverse order. */
  reversed: z.boolean().default(false),
  /** Requests that fail: the error file has them. */
  errorLines: positions,
  /** Requests of which no file has a line. */
  missingLines: positions,
  /** Requests whose line is not JSON. */
  garbledLines: positions,
  /** Requests of which the first vector is one number too short. */
  shortVectors: positions,
  /** Requests of which every vector is one number too short. */
  shortAnswers: positions,
});

export type BatchFault = z.infer<typeof batchFault>;

const fileFault = z.enum([
  /** The file is stored, and the connection breaks before the client learns its id. */
  "upload answer lost",
  /** The connection breaks in the middle of a file's content. */
  "content breaks off",
]);

export type FileFault = z.infer<typeof fileFault>;

const planned = z.strictObject({
  batches: z.array(batchFault).default([]),
  files: z.array(fileFault).default([]),
});

const none = batchFault.parse({});

/** Faults of the batches and files to come, in the order in which they were planned. */
export class BatchFaults {
  readonly #batches: BatchFault[] = [];
  readonly #files: FileFault[] = [];

  /** A body of `POST /local/batch-faults`: `{ batches, files }`. */
  plan(body: unknown): void {
    const { batches, files } = planned.parse(body);
    this.#batches.push(...batches);
    this.#files.push(...files);
  }

  ofNextBatch(): BatchFault {
    return this.#batches.shift() ?? none;
  }

  /** Whether this operation fails now. */
  takes(fault: FileFault): boolean {
    if (this.#files[0] !== fault) return false;
    this.#files.shift();
    return true;
  }
}
