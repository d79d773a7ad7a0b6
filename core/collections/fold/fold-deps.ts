import type { CycleDeps } from "../cycle/cycle-deps.ts";
import type { Workspace } from "../workspace/workspace.ts";

export interface FoldDeps extends CycleDeps {
  readonly workspace: Workspace;
  /** Beats as the lease does: keeps the request from being delivered to another process. */
  readonly beat?: () => Promise<void>;
}
