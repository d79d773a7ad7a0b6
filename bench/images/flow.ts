import { parse } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { keyOf, searchAs } from "../../cli/images/search-client.ts";
import { stackDatabase, stackImages } from "../../cli/images/stack-images.ts";
import { uploadImages } from "../../cli/images/upload.ts";
import { searchItems } from "../../core/images/database/search-statement.ts";
import { type SearchMode, searchModes } from "../../core/images/search/image-search-request.ts";
import { lexicalQuery } from "../../core/images/search/lexical-query.ts";
import { searchImages } from "../../core/images/search/search-images.ts";
import { verifyImages } from "../../core/images/verify/verify-images.ts";
import { silentLog } from "../../core/log.ts";
import { systemClock } from "../../core/resilience/clock.ts";
import { imageFlowAlone } from "../../local/image-flow-alone.ts";
import { startService } from "../child.ts";
import type { StackAnnouncement } from "../services/local-stack.ts";
import type { Labelled } from "./labelled.ts";
import { type ManyFigures, measureMany } from "./many.ts";
import { type ImageQuality, imageQuality } from "./quality.ts";

const user = "demo";
const lookEveryMs = 500;
/** The search API takes ten requests per second of a user. */
const requestEveryMs = 120;
const maxWaitMs = 600_000;
const dimensions = 512;

export interface FlowFigures {
  readonly images: number;
  /** From the first upload until every image has its vector, OCR included. */
  readonly seconds: number;
  readonly many: ManyFigures;
  /** By mode, one per question. */
  readonly quality: Readonly<Record<SearchMode, readonly ImageQuality[]>>;
  readonly search: SearchTimes;
}

/** Milliseconds of each search, in turn. */
export interface SearchTimes {
  /** Over HTTP, as users search. */
  readonly service: readonly number[];
  /** What the service runs for a request, without its API and its process. */
  readonly core: readonly number[];
  readonly statement: readonly number[];
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
    const search = await searchTimes(labelled, images.outputs, searches);
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

async function finished(images: ReturnType<typeof stackImages>): Promise<void> {
  const late = performance.now() + maxWaitMs;
  while (await isUnfinished(images)) {
    if (performance.now() > late) throw new Error("The flow makes no progress.");
    await sleep(lookEveryMs);
  }
}

async function isUnfinished({ s3, states, outputs: { bucket } }: ReturnType<typeof stackImages>) {
  return (await verifyImages({ s3, bucket, states })).findings.length > 0;
}

/** The service's search over HTTP and without it, beside its statement sent to the database directly, with the same vectors. */
async function searchTimes(
  { questions }: Labelled,
  outputs: ReturnType<typeof stackImages>["outputs"],
  searches: number,
): Promise<SearchTimes> {
  const database = stackDatabase(outputs);
  const url = `${outputs.searchUrl}/images/search`;
  const headers = { "x-api-key": await keyOf(user, outputs) };
  const ask = async (q: string) => {
    const response = await fetch(`${url}?${new URLSearchParams({ q, k: "10" })}`, { headers });
    if (!response.ok) throw new Error(`The search answered ${response.status}.`);
    await response.json();
  };
  // The local Voyage keeps vectors by text: from here on they cost nothing.
  for (const { question } of questions) {
    await sleep(requestEveryMs);
    await ask(question);
  }
  const vector = new Float32Array(dimensions).fill(1);
  const weights = { lexical: 0.3, vector: 0.7 };
  const shared = { k: 10, weights, rankConstant: 15 };
  const deps = {
    database,
    embedder: { embed: async () => [new Uint8Array(vector.buffer)] },
    clock: systemClock,
    log: silentLog,
    weights,
    rankConstant: 15,
  };
  const service: number[] = [];
  const core: number[] = [];
  const statement: number[] = [];
  for (let turn = 0; turn < searches; turn += 1) {
    const q = questions[turn % questions.length]?.question ?? "";
    await sleep(requestEveryMs);
    service.push(await timed(() => ask(q)));
    core.push(await timed(() => searchImages(user, { q, k: 10, mode: "hybrid" }, deps)));
    const lexical = lexicalQuery(q);
    const input = { userId: user, ...shared, lexical, vector: `[${[...vector].join(",")}]` };
    statement.push(await timed(() => searchItems(database, input)));
  }
  return { service, core, statement };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
