export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The wait before attempt `failed + 1`: doubles per failed attempt up to `maxMs`. `failed` is at least 1. */
export function exponentialMs({ firstMs, maxMs }: Backoff, failed: number): number {
  return Math.min(maxMs, firstMs * 2 ** (failed - 1));
}

/** The same in seconds, the unit of SQS visibility timeouts. */
export function exponentialSeconds(
  { firstSeconds, maxSeconds }: { readonly firstSeconds: number; readonly maxSeconds: number },
  failed: number,
): number {
  return exponentialMs({ firstMs: 1000 * firstSeconds, maxMs: 1000 * maxSeconds }, failed) / 1000;
}

/**
 * A random wait between zero and twice the exponential one, so that clients that failed together do not retry together.
 */
export function jitteredMs({ firstMs, maxMs }: Backoff, failed: number, random = Math.random): number {
  return random() * exponentialMs({ firstMs: 2 * firstMs, maxMs }, failed);
}
