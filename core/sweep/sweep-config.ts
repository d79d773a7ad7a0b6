export interface SweepConfig {
  /** Minimum age of an open run before the sweeper acts, and interval between redrives. */
  readonly openMs: number;
  /** Number of redrives after which a run is given up. */
  readonly redrives: number;
  /** Number of failures caused by a run after which compaction moves its message to the dead-letter queue. */
  readonly maxFailures: number;
  /** Maximum lifetime of a message that names a delta, in its queue and in the dead-letter queue together. */
  readonly retentionMs: number;
  /** A claim expires after this time; a sweep takes less. */
  readonly claimMs: number;
}
