export interface SweepConfig {
  /** How long an open run is left alone, after it was opened and after each sending of its messages. */
  readonly openMs: number;
  /** Sendings after which a run is given up. */
  readonly redrives: number;
  /** Failures for its own reason at which compaction has put a run's message into the dead letters. */
  readonly maxFailures: number;
  /** As long as a message may be that names a delta: in its queue and in the dead letters. */
  readonly retentionMs: number;
  /** Whoever has claimed work and not done it after so long is dead: a sweep may not take as long. */
  readonly claimMs: number;
}
