import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import type { Iam } from "../iam/iam.ts";
import type { LocalService, Reply } from "../protocol/service.ts";
import { fenced, holdFence } from "./fence.ts";
import { type HttpFront, type ReplyTo, startHttpFront } from "./http-front.ts";
import { type HttpCall, Router } from "./router.ts";
import type { UnsignedService } from "./unsigned-service.ts";

export interface Endpoint {
  /** The value for AWS_ENDPOINT_URL. */
  readonly url: string;
  readonly port: number;
  /** Handles calls that arrive by another way than the port. */
  readonly replyTo: ReplyTo;
  /** Ends open connections, then closes every service. */
  close(): Promise<void>;
}

export interface EndpointOptions {
  /** 0 selects a free port. */
  readonly port: number;
  readonly services: readonly LocalService[];
  readonly iam: Iam;
  /** Receives its calls before signatures are checked. */
  readonly unsigned?: UnsignedService;
}

/** Another process listens on the port. */
export class PortInUseError extends VectorkeepError {
  constructor(port: number, options: ErrorOptions) {
    super(
      `Port ${port} on 127.0.0.1 is taken by another process.`,
      "Stop that process (perhaps another local stack), or start this one on another port.",
      options,
    );
  }
}

/** Serves all given services on one loopback port. Throws PortInUseError. */
export async function startEndpoint({ port, services, iam, unsigned }: EndpointOptions): Promise<Endpoint> {
  const router = new Router(services, iam);
  const replyTo: ReplyTo = (call) =>
    unsigned?.takes(call.target) ? unsignedReply(unsigned, call) : router.route(call);
  const front = await listen(port, replyTo);
  const releaseFence = holdFence();
  return {
    url: front.url,
    port: front.port,
    replyTo,
    async close() {
      await front.close();
      await Promise.all(services.map((service) => service.close?.()));
      releaseFence();
    },
  };
}

async function unsignedReply(service: UnsignedService, call: HttpCall): Promise<Reply> {
  try {
    return await fenced(`${call.method} ${call.target}`, () => service.handle(call));
  } catch (error) {
    console.error(`The local AWS failed on ${call.method} ${call.target}.`, error);
    const headers = {
      "content-type": "application/json",
      "x-amzn-errortype": "InternalServerErrorException",
    };
    return { status: 500, headers, body: JSON.stringify({ message: "Internal server error" }) };
  }
}

async function listen(port: number, replyTo: ReplyTo): Promise<HttpFront> {
  try {
    return await startHttpFront(port, replyTo);
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === "EADDRINUSE"
      ? new PortInUseError(port, { cause })
      : cause;
  }
}
