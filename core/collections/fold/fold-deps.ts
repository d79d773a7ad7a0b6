import type { CycleDeps } from "../cycle/cycle-deps.ts";
import type { Workspace } from "../workspace/workspace.ts";

export interface FoldDeps extends CycleDeps {
  readonly workspace: Workspace;
  /** Called at each heartbeat of the lease, to hide the fold request from other processes. */
  readonly beat?: () => Promise<void>;
}
