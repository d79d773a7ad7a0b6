import type { Collection } from "../../contract/collections.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";

/** A collection does not fit into the function's disk or memory. Nothing was exported. */
export class SnapshotTooLargeError extends VectorkeepError {
  constructor(collection: Collection, what: "scratch" | "memory", neededMiB: number, haveMiB: number) {
    const setting = what === "scratch" ? "snapshots:scratchMiB" : "snapshots:memoryMiB";
    super(
      `A snapshot of ${collection} needs ${neededMiB} MiB of ${what}, and there are ${haveMiB} MiB.`,
      `Raise ${setting}, at most 10240, and deploy. Collections beyond that cannot be exported by a function.`,
    );
  }
}

/** The export would not have finished before the timeout. The snapshot in `latest.json` is unchanged. */
export class SnapshotOverdueError extends VectorkeepError {
  constructor(collection: Collection, step: string) {
    super(
      `The time for a snapshot of ${collection} was over while it was to ${step}.`,
      "Raise snapshots:memoryMiB, by which Lambda gives CPU, and deploy. The newest snapshot before it stays.",
    );
  }
}

/** The files of the snapshot do not match the published generation. Nothing was exported. */
export class SnapshotIncompleteError extends VectorkeepError {
  constructor(collection: Collection, what: string) {
    super(
      `A snapshot of ${collection} would not be what is published: ${what}.`,
      "Run `npm run verify -- --repair`, then export again. The newest snapshot before it stays.",
    );
  }
}

/** An object of a snapshot is missing, or does not match its manifest. */
export class SnapshotCorruptError extends VectorkeepError {
  constructor(object: string, what: string, options?: ErrorOptions) {
    super(
      `${object} is not usable: ${what}.`,
      "Export again: a snapshot is replaced as a whole, and the ones before it are kept.",
      options,
    );
  }
}

/** The pointer was changed by something other than an export. */
export class SnapshotPointerRefusedError extends VectorkeepError {
  constructor(object: string) {
    super(
      `The conditional write of ${object} was refused, and the object has not changed.`,
      "Export again. If it recurs, the store does not implement conditional writes (If-Match).",
    );
  }
}
