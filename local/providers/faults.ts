import * as z from "zod";

/** The simulated failures of a request to a provider. */
const fault = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("status"),
    status: z.number().int().min(400).max(599),
    retryAfterSeconds: z.number().min(0).optional(),
  }),
  /** The answer comes late. */
  z.strictObject({ kind: z.literal("slow"), milliseconds: z.number().min(0) }),
  /** No answer comes while the client waits. */
  z.strictObject({ kind: z.literal("hangs") }),
  /** The connection breaks in the middle of the answer. */
  z.strictObject({ kind: z.literal("breaks off") }),
  /** The model refuses, with this explanation. */
  z.strictObject({ kind: z.literal("refusal"), explanation: z.string().default("I cannot help with that.") }),
  /** The answer reaches the maximum number of tokens. */
  z.strictObject({ kind: z.literal("cut") }),
  /** The model answers this text instead. */
  z.strictObject({ kind: z.literal("text"), text: z.string() }),
]);

export type Fault = z.infer<typeof fault>;

/** A fault for the next requests. */
const planned = z.object({ fault, times: z.number().int().min(1).default(1) });

/** Faults for the requests to come, in the order in which they were planned. */
export class Faults {
  readonly #next: Fault[] = [];

  /** A body of `POST /local/faults`: a list of `{ fault, times }`. An empty one removes those that are left. */
  plan(body: unknown): void {
    const all = z.array(planned).parse(body);
    if (all.length === 0) this.#next.length = 0;
    for (const { fault: one, times } of all) this.#next.push(...Array.from({ length: times }, () => one));
  }

  take(): Fault | undefined {
    return this.#next.shift();
  }
}
