import { once } from "node:events";
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";
import type { Reply } from "../protocol/service.ts";
import type { ReplyTo } from "./http-front.ts";
import type { HttpCall } from "./router.ts";

export type FromThread =
  | { readonly kind: "listening"; readonly url: string }
  | { readonly kind: "call"; readonly id: number; readonly call: SentCall }
  | { readonly kind: "hung up"; readonly id: number };

type SentCall = Omit<HttpCall, "signal" | "body"> & { readonly body: Uint8Array };

/** The reply to a call, or the error. */
export type ToThread =
  | { readonly id: number; readonly reply: Omit<Reply, "body"> & { readonly body: Uint8Array | string } }
  | { readonly id: number; readonly failure: string };

/** The name of the thread in the kernel. */
export const threadName = "objects";

export interface FrontInThread {
  /** `http://127.0.0.1:{port}` */
  readonly url: string;
  /** Ends open connections, and the calls that are under way. */
  close(): Promise<void>;
}

/**
 * A front on a free port whose bodies come in and go out in a thread of their own: who is answered by this one need not
 * wait while megabytes are taken in and digested, nor for the garbage that this leaves.
 */
export async function startFrontInThread(replyTo: ReplyTo): Promise<FrontInThread> {
  const worker = new Worker(new URL("./front-thread.ts", import.meta.url), { name: threadName });
  const called = new Map<number, AbortController>();

  async function answer(id: number, { body, ...call }: SentCall): Promise<void> {
    const hungUp = new AbortController();
    called.set(id, hungUp);
    try {
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      const {
        status,
        headers,
        body: answered,
      } = await replyTo({ ...call, body: bytes, signal: hungUp.signal });
      // A copy whose memory is transferred, because the service may keep the original.
      const sent = typeof answered === "string" ? answered : new Uint8Array(answered);
      post({ id, reply: { status, headers, body: sent } }, typeof sent === "string" ? [] : [sent.buffer]);
    } catch (error) {
      post({ id, failure: inspect(error) });
    } finally {
      called.delete(id);
    }
  }

  function post(message: ToThread, transferred: ArrayBuffer[] = []): void {
    worker.postMessage(message, transferred);
  }

  const [{ url }] = (await once(worker, "message")) as [Extract<FromThread, { kind: "listening" }>];
  worker.on("message", (message: FromThread) => {
    if (message.kind === "call") void answer(message.id, message.call);
    else if (message.kind === "hung up") called.get(message.id)?.abort();
  });
  return {
    url,
    async close() {
      await worker.terminate();
      for (const hungUp of called.values()) hungUp.abort();
    },
  };
}
