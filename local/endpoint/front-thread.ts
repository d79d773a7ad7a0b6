import { parentPort } from "node:worker_threads";
import { checksumAlgorithms, type Digests, digestOf } from "../protocol/digest.ts";
import type { Reply } from "../protocol/service.ts";
import type { FromThread, ToThread } from "./front-in-thread.ts";
import { startHttpFront } from "./http-front.ts";
import type { HttpCall } from "./router.ts";

/** The thread of a FrontInThread: receives calls, passes them on as a whole, and writes the replies. */
const waiting = new Map<number, PromiseWithResolvers<Reply>>();
let calls = 0;

process.on("uncaughtException", (error) => {
  console.error("The thread that takes objects in caught an error that nothing else caught.", error);
});

const front = await startHttpFront(0, async ({ signal, body, ...call }) => {
  calls += 1;
  const id = calls;
  const digests = await digestsFor(call.method, body, call.headers);
  const reply = Promise.withResolvers<Reply>();
  waiting.set(id, reply);
  // Its memory changes hands: nothing is copied.
  post({ kind: "call", id, call: { ...call, body, digests } }, [body.buffer as ArrayBuffer]);
  signal.addEventListener("abort", () => post({ kind: "hung up", id }));
  if (signal.aborted) post({ kind: "hung up", id });
  return reply.promise;
});

parentPort?.on("message", (message: ToThread) => {
  const call = waiting.get(message.id);
  waiting.delete(message.id);
  if ("failure" in message) return call?.reject(new Error(message.failure));
  const { body } = message.reply;
  call?.resolve({ ...message.reply, body: typeof body === "string" ? body : Buffer.from(body.buffer) });
});

post({ kind: "listening", url: front.url });

function post(message: FromThread, transferred: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transferred);
}

/**
 * Computes the digests that an upload needs: MD5 for the ETag, and those that the caller sent, for comparison. Skips
 * framed bodies, because digests apply to their decoded content.
 */
async function digestsFor(method: string, body: Buffer, headers: HttpCall["headers"]): Promise<Digests> {
  if (method !== "PUT" || headers["content-encoding"]?.includes("aws-chunked")) return {};
  const claimed = checksumAlgorithms.filter((name) => `x-amz-checksum-${name.toLowerCase()}` in headers);
  const taken = (["MD5", ...claimed] as const).map(
    async (algorithm) => [algorithm, await digestOf(body, algorithm)] as const,
  );
  return Object.fromEntries(await Promise.all(taken));
}
