import type { Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import type { ReceiptRef } from "../../receipts/receipt.ts";
import type { VectorStore } from "../chroma/vector-store.ts";
import { GenerationDamaged, type Generations } from "../generations/generations.ts";
import type { Head } from "../generations/head.ts";
import type { Workspace } from "./workspace.ts";

/** What a cycle starts from. */
export interface Ground {
  readonly store: VectorStore;
  /** The generation that the store is a copy of; undefined for an empty one. */
  readonly name: string | undefined;
  /** Receipts whose newest state was in damaged generations, so that they have to be made anew. */
  readonly lost: readonly ReceiptRef[];
}

export interface GroundPorts {
  readonly generations: Generations;
  readonly workspace: Workspace;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Opens the head, or where it is not what its manifest says, the newest generation before it that is.
 * Throws GenerationDamaged where there is none.
 */
export async function openGround(
  { generations, workspace, log, metrics }: GroundPorts,
  head: Head | undefined,
): Promise<Ground> {
  const lost: ReceiptRef[] = [];
  let name = head?.name;
  let base = head?.base ?? null;
  for (;;) {
    try {
      return { store: await workspace.open(name), name, lost };
    } catch (error) {
      if (!(error instanceof GenerationDamaged)) throw error;
      metrics.count("ManifestMismatches", 1);
      log.error(error.message, { generation: name, goes_on_from: base });
      if (name === undefined || base === null) throw error;
      lost.push(...(await receiptsOf(generations, name, log)));
      name = base;
      base = (await generations.manifestIfReadable(name))?.base ?? null;
    }
  }
}

async function receiptsOf(generations: Generations, name: string, log: Log): Promise<ReceiptRef[]> {
  const manifest = await generations.manifestIfReadable(name);
  if (manifest === undefined) {
    log.error(
      "A damaged generation does not say what it had brought up to date: run `npm run verify -- --repair`",
      {
        generation: name,
      },
    );
  }
  return (manifest?.receipts ?? []).map(({ image_id, receipt_id }) => ({
    imageId: image_id,
    receiptId: receipt_id,
  }));
}
