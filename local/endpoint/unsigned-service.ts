import type { Reply } from "../protocol/service.ts";
import type { HttpCall } from "./router.ts";

/** What answers on the endpoint's port to callers that sign nothing, as the APIs that a program deploys. */
export interface UnsignedService {
  /** Whether a path with its query is this service's own. */
  takes(target: string): boolean;
  handle(call: HttpCall): Promise<Reply>;
}
