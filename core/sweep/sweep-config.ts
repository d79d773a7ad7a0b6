export interface SweepConfig {
  /** Minimum age of an open run, and interval between redrives, before the sweeper acts. */
  readonly openMs: number;
  /** Redrives after which a run is given up. */
  readonly redrives: number;
  /** Failures of a run itself after which compaction moves its message to the dead-letter queue. */
  readonly maxFailures: number;
  /** Maximum lifetime of a message that names a delta: in its queue and in the dead-letter queue. */
  readonly retentionMs: number;
  /** After this time a claim has expired; a sweep takes less. */
  readonly claimMs: number;
}
