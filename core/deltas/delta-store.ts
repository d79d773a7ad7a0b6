/** Storage of encoded delta files: an S3 bucket, a folder in benchmarks, a fault injector in tests. */
export interface DeltaStore {
  /** Resolves when the object is durable and its checksum is verified. Idempotent. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Undefined if there is no object with this key. */
  get(key: string): Promise<Uint8Array | undefined>;
  has(key: string): Promise<boolean>;
}
