import type { Reply } from "../protocol/service.ts";
import type { HttpCall } from "./router.ts";

/** A service on the endpoint's port for callers without signatures, such as the APIs that a program deploys. */
export interface UnsignedService {
  /** Whether a path with its query is this service's own. */
  takes(target: string): boolean;
  handle(call: HttpCall): Promise<Reply>;
}
