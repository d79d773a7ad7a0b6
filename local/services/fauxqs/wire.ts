import type { Reply } from "../../protocol/service.ts";

export interface FauxqsRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

/** The interface between fauxqs, which parses the wire format, and our stores. */
export interface FauxqsWire {
  request(request: FauxqsRequest): Promise<Reply>;
}
