import type { Execution } from "../interpreter/execution.ts";

export type MapRunStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "ABORTED";

/** Counts of items or of child executions. */
export interface Counts {
  total: number;
  running: number;
  succeeded: number;
  failed: number;
  timedOut: number;
  aborted: number;
  resultsWritten: number;
}

const countOf = {
  RUNNING: "running",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  TIMED_OUT: "timedOut",
  ABORTED: "aborted",
} as const;

export interface MapRunSettings {
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number | undefined;
  readonly toleratedFailurePercentage: number | undefined;
}

/** The children of one visit of a distributed Map state. */
export class MapRun {
  readonly arn: string;
  readonly executionArn: string;
  /** Qualified by the Map state's label. */
  readonly stateMachineArn: string;
  readonly settings: MapRunSettings;
  readonly startDate = Date.now() / 1000;
  stopDate: number | undefined;
  status: MapRunStatus = "RUNNING";
  readonly items = noCounts();
  readonly executions = noCounts();

  constructor(
    identity: Pick<MapRun, "arn" | "executionArn" | "stateMachineArn">,
    settings: MapRunSettings,
    itemCount: number,
  ) {
    this.arn = identity.arn;
    this.executionArn = identity.executionArn;
    this.stateMachineArn = identity.stateMachineArn;
    this.settings = settings;
    this.items.total = itemCount;
  }

  /** Counts a child as running until it has finished, and then by its status. */
  async follow(child: Execution): Promise<void> {
    const { itemCount } = child.identity;
    this.executions.total += 1;
    this.executions.running += 1;
    this.items.running += itemCount;
    await child.over;
    this.executions.running -= 1;
    this.items.running -= itemCount;
    this.executions[countOf[child.status]] += 1;
    this.items[countOf[child.status]] += itemCount;
  }

  /** Either threshold is sufficient; without both, no failure is tolerated. Aborted items do not count. */
  get exceedsTolerance(): boolean {
    const { toleratedFailureCount: count, toleratedFailurePercentage: percentage } = this.settings;
    const failures = this.items.failed + this.items.timedOut;
    if (failures === 0) return false;
    if (count === undefined && percentage === undefined) return true;
    const share = (100 * failures) / this.items.total;
    return (count !== undefined && failures > count) || (percentage !== undefined && share > percentage);
  }

  end(status: MapRunStatus): void {
    this.status = status;
    this.stopDate = Date.now() / 1000;
  }
}

function noCounts(): Counts {
  return { total: 0, running: 0, succeeded: 0, failed: 0, timedOut: 0, aborted: 0, resultsWritten: 0 };
}
