/** Where encoded delta files live: an S3 bucket, a folder in the benchmark, a fault injector in tests. */
export interface DeltaStore {
  /** Durable and checked by the store when it resolves. Writing the same content again is harmless. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Undefined where there is no object under the key. */
  get(key: string): Promise<Uint8Array | undefined>;
}
