import type { Collection } from "../../contract/collections.ts";
import { region } from "../compaction/aws.ts";

/** The default of snapshots:memoryMiB. */
export const memoryMiB = 3_008;

/** Work of a process of its own, so that its peak memory is its own. */
export type Orders =
  | {
      readonly way: "export";
      readonly collection: Collection;
      readonly url: string;
      readonly objectsUrl: string;
      readonly controlTable: string;
      readonly collectionsPath: string;
      readonly library: string;
      readonly scratch: string;
      readonly deltas: string;
      readonly bucket: string;
    }
  /** The folder of a database as an archive in a file. */
  | { readonly way: "bare"; readonly folder: string; readonly file: string };

export interface Outcome {
  readonly seconds: number;
  /** Of this process and the Chroma server that it starts. */
  readonly peakMiB: number;
}

export function clientOptions(url: string) {
  return {
    endpoint: url,
    region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    forcePathStyle: true,
  };
}
