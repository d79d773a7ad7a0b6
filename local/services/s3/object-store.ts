import { S3Store } from "../../../node_modules/fauxqs/dist/s3/s3Store.js";
import { checkGuard } from "./conditions.ts";
import { type OnObjectChange, Sequencers } from "./object-changes.ts";

type Listing = ReturnType<S3Store["listObjects"]>;
type ListOptions = NonNullable<Parameters<S3Store["listObjects"]>[1]>;

type S3Object = ReturnType<S3Store["putObject"]>;
type AfterBody<All extends unknown[]> = All extends [unknown, unknown, unknown, ...infer Rest] ? Rest : never;

const pageSize = 1000;

/** fauxqs's objects, listed in AWS's order: by the bytes of the key. */
export class ObjectStore extends S3Store {
  /** Called for changes of objects in the buckets of `announced`. */
  onChange: OnObjectChange = () => {};
  /** Names of the buckets whose changes are announced. */
  readonly announced = new Set<string>();
  readonly #sequencers = new Sequencers();
  /** Buckets of open multipart uploads. */
  readonly #uploads = new Map<string, string>();

  /** fauxqs sorts by locale and pages by code unit, so its pages lose keys that the two order differently. */
  override listObjects(bucket: string, options: ListOptions = {}): Listing {
    const { prefix = "", delimiter, maxKeys = pageSize } = options;
    const after = options.startAfter ?? options.marker ?? "";
    const matching = super.listObjects(bucket, { prefix, maxKeys: Number.POSITIVE_INFINITY }).objects;
    const found = matching.filter(({ key }) => key > after).sort((a, b) => (a.key < b.key ? -1 : 1));
    const page: Listing = { objects: [], commonPrefixes: [], isTruncated: false };
    for (const object of found) {
      const commonPrefix = folderOf(object.key, prefix, delimiter);
      if (
        commonPrefix !== undefined &&
        (commonPrefix <= after || page.commonPrefixes.at(-1) === commonPrefix)
      )
        continue;
      if (page.objects.length + page.commonPrefixes.length >= maxKeys) return { ...page, isTruncated: true };
      if (commonPrefix === undefined) page.objects.push(object);
      else page.commonPrefixes.push(commonPrefix);
    }
    return page;
  }

  /** Like putObject, which would block other requests while it hashes the whole body. */
  putHashed(
    bucket: string,
    key: string,
    { body, etag }: Pick<S3Object, "body" | "etag">,
    ...rest: AfterBody<Parameters<S3Store["putObject"]>>
  ): S3Object {
    const stored = super.putObject(bucket, key, Buffer.alloc(0), ...rest);
    return this.#announceCreated(bucket, Object.assign(stored, { body, etag, contentLength: body.length }));
  }

  /** State for buckets that are not created yet, by name. */
  readonly kept = new Map<string, readonly S3Object[]>();

  override createBucket(...args: Parameters<S3Store["createBucket"]>): void {
    super.createBucket(...args);
    const [name] = args;
    for (const object of this.kept.get(name) ?? []) this.restoreObject(name, object);
    this.kept.delete(name);
  }

  objectsOf(bucket: string): S3Object[] {
    return super.listObjects(bucket, { maxKeys: Number.POSITIVE_INFINITY }).objects;
  }

  /** Conditions are checked in the turn of the write, so that nothing comes in between. */
  override putObject(...args: Parameters<S3Store["putObject"]>): S3Object {
    checkGuard();
    return this.#announceCreated(args[0], super.putObject(...args));
  }

  override createMultipartUpload(...args: Parameters<S3Store["createMultipartUpload"]>): string {
    const uploadId = super.createMultipartUpload(...args);
    this.#uploads.set(uploadId, args[0]);
    return uploadId;
  }

  isUploading(uploadId: string): boolean {
    return this.#uploads.has(uploadId);
  }

  override abortMultipartUpload(...args: Parameters<S3Store["abortMultipartUpload"]>): void {
    super.abortMultipartUpload(...args);
    this.#uploads.delete(args[0]);
  }

  override completeMultipartUpload(...args: Parameters<S3Store["completeMultipartUpload"]>): S3Object {
    checkGuard();
    const [uploadId] = args;
    const completed = super.completeMultipartUpload(...args);
    const bucket = this.#uploads.get(uploadId) ?? "";
    this.#uploads.delete(uploadId);
    return this.#announceCreated(bucket, completed);
  }

  override deleteObject(...args: Parameters<S3Store["deleteObject"]>): void {
    checkGuard();
    const [bucket, key] = args;
    const existed = this.has(bucket, key);
    super.deleteObject(...args);
    if (!existed || !this.announced.has(bucket)) return;
    this.onChange({ kind: "deleted", bucket, key, sequencer: this.#sequencers.next() });
  }

  #announceCreated(bucket: string, object: S3Object): S3Object {
    if (this.announced.has(bucket)) {
      const { key, etag, contentLength: size } = object;
      this.onChange({ kind: "created", bucket, key, size, etag, sequencer: this.#sequencers.next() });
    }
    return object;
  }

  existing(bucket: string, key: string): S3Object | undefined {
    return this.has(bucket, key) ? this.headObject(bucket, key) : undefined;
  }

  has(bucket: string, key: string): boolean {
    try {
      this.headObject(bucket, key);
      return true;
    } catch {
      return false;
    }
  }
}

function folderOf(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (!delimiter) return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end === -1 ? undefined : key.slice(0, end + delimiter.length);
}
