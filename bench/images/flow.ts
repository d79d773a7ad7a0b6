import { parse } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { searchAs } from "../../cli/images/search-client.ts";
import { type StackImages, stackImages } from "../../cli/images/stack-images.ts";
import { uploadImages } from "../../cli/images/upload.ts";
import { type SearchMode, searchModes } from "../../core/images/search/image-search-request.ts";
import { verifyImages } from "../../core/images/verify/verify-images.ts";
import { imageFlowAlone } from "../../local/image-flow-alone.ts";
import { startService } from "../child.ts";
import type { StackAnnouncement } from "../services/local-stack.ts";
import type { Labelled } from "./labelled.ts";
import { type ManyFigures, measureMany } from "./many.ts";
import { type ImageQuality, imageQuality } from "./quality.ts";
import { requestEveryMs, type SearchTimes, searchTimes } from "./search-times.ts";

const user = "demo";
const lookEveryMs = 500;
const maxIdleMs = 600_000;

export interface FlowFigures {
  readonly images: number;
  /** From the first upload until every image has its vector, OCR included. */
  readonly seconds: number;
  readonly many: ManyFigures;
  /** By mode, one per question. */
  readonly quality: Readonly<Record<SearchMode, readonly ImageQuality[]>>;
  readonly search: SearchTimes;
}

/** Sends labelled images through a local stack of its own, and asks their questions. */
export async function measureFlow(
  labelled: Labelled,
  folder: string,
  { searches, many }: { readonly searches: number; readonly many: number },
): Promise<FlowFigures> {
  const stack = await startService<StackAnnouncement>("local-stack.ts", [
    folder,
    JSON.stringify(imageFlowAlone),
  ]);
  try {
    // As a user's shell does: from here on this process is one of the stack's clients.
    Object.assign(process.env, stack.environment);
    const images = stackImages(stack.outputs);
    const began = performance.now();
    for (const file of labelled.files) {
      await uploadImages(file, user, { s3: images.s3, bucket: images.outputs.bucket });
    }
    await finished(images);
    const seconds = (performance.now() - began) / 1_000;
    const quality = { hybrid: [], vector: [], lexical: [] } as Record<SearchMode, ImageQuality[]>;
    for (const { question, relevant } of labelled.questions) {
      for (const mode of searchModes) {
        await sleep(requestEveryMs);
        const { hits } = await searchAs(user, { q: question, k: "10", mode }, images.outputs);
        const names = hits.map(({ object_key }) => parse(object_key).name);
        quality[mode].push(imageQuality(names, new Set(relevant)));
      }
    }
    const search = await searchTimes(labelled, { user, outputs: images.outputs, searches });
    return {
      images: labelled.files.length,
      seconds,
      quality,
      search,
      many: await measureMany(images, many, () => finished(images)),
    };
  } finally {
    await stack.stop();
  }
}

/** Throws when nothing has changed for too long. */
async function finished({ s3, states, outputs: { bucket } }: StackImages): Promise<void> {
  let before = "";
  let late = performance.now() + maxIdleMs;
  for (;;) {
    const { findings } = await verifyImages({ s3, bucket, states });
    if (findings.length === 0) return;
    const now = findings
      .map((one) => `${one.kind} ${"item" in one ? one.item.object_key : one.key}`)
      .join("\n");
    if (now !== before) late = performance.now() + maxIdleMs;
    if (performance.now() > late) throw new Error(`The flow makes no progress:\n${now}`);
    before = now;
    await sleep(lookEveryMs);
  }
}
