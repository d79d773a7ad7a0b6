import type { Reply } from "../../protocol/service.ts";

export interface FauxqsRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

/** fauxqs as a service calls it: it parses the wire, and a store of ours holds what it is about. */
export interface FauxqsWire {
  request(request: FauxqsRequest): Promise<Reply>;
}
