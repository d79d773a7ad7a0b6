import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { type Collection, collections } from "../../contract/collections.ts";
import type { StoredVector } from "../../core/collections/chroma/vector-store.ts";
import { databaseFolder, describeFiles } from "../../core/collections/generations/manifest.ts";
import { withPublishedCopy } from "../../core/collections/generations/published-copy.ts";
import type { Application, DueVector } from "./application.ts";
import { historyOf } from "./history.ts";
import type { Stack } from "./stack.ts";

/** Chroma scales vectors to length 1 and back, so the last digits may differ. */
const lastDigits = 1e-5;

export interface Expected {
  /** Halves of runs that failed for good: each has a dead letter, and its receipt is not in the collection. */
  readonly failed?: readonly { readonly collection: Collection; readonly image: number }[];
}

/**
 * Nothing lost, nothing twice, nothing stale, no generation corrupt, no lease without a holder, all runs completed, and
 * the control items as they should be.
 */
export async function expectClean(
  stack: Stack,
  application: Application,
  expected: Expected = {},
): Promise<void> {
  const { failed = [] } = expected;
  const folds = await stack.aws.depth(stack.queueUrls["fold-dead-letters"]);
  const failedRuns = new Set(failed.map(({ image }) => application.runIdOf(image)));
  const problems: string[] = folds > 0 ? [`${folds} folds have failed for good`] : [];
  for (const collection of collections) {
    const waiting = await stack.aws.depth(stack.queueUrls[collection]);
    if (waiting > 0) problems.push(`${waiting} messages wait in ${collection}`);
    const lost = failed.filter((half) => half.collection === collection).map(({ image }) => image);
    const deadLetters = await stack.aws.depth(stack.queueUrls[`${collection}-dead-letters`]);
    if (deadLetters !== lost.length) problems.push(`${collection} has ${deadLetters} dead letters`);
    problems.push(...(await corruptGenerations(stack, collection)));
    const published = await publishedVectors(stack, application, collection);
    problems.push(...differences(collection, application.due(collection, lost), published));
  }
  problems.push(...(await openRuns(stack, failedRuns)));
  problems.push(...(await controlProblems(stack, application, failedRuns)));
  problems.push(...(await historyOf(stack)).problems);
  expect(problems).toEqual([]);
}

/** All that is published, read as a reader does. */
export async function publishedVectors(
  stack: Stack,
  application: Application,
  collection: Collection,
): Promise<StoredVector[]> {
  const { head } = await historyOf(stack).then(({ shards }) => shards[collection]);
  if (head === undefined) return [];
  const scratch = await mkdtemp(join(stack.folder, "reader-"));
  const { collectionsPath, library, deltas } = stack;
  const files = { collectionsPath, library, scratch, deltas };
  return withPublishedCopy(files, collection, head, async (published, { count }) => {
    const stored = await published.read(await published.idsOf(application.receipts));
    const unreadable = [...published.unreadable.values()];
    expect({ unreadable, read: stored.length }).toEqual({ unreadable: [], read: count });
    return stored;
  });
}

function differences(
  collection: Collection,
  due: ReadonlyMap<string, DueVector>,
  published: readonly StoredVector[],
): string[] {
  const there = new Map(published.map((vector) => [vector.id, vector]));
  const missing = [...due.keys()].filter((id) => !there.has(id));
  const extra = [...there.keys()].filter((id) => !due.has(id));
  const stale = [...due.values()].filter(({ id, document, metadata, vector }) => {
    const found = there.get(id);
    if (found === undefined) return false;
    return (
      found.document !== document ||
      !isDeepStrictEqual(found.metadata, metadata) ||
      Math.hypot(...vector.map((value, index) => value - (found.vector[index] ?? Number.NaN))) > lastDigits
    );
  });
  return [
    ...missing.map((id) => `${collection}: ${id} is missing`),
    ...extra.map((id) => `${collection}: ${id} should not be there`),
    ...stale.map(({ id, metadata }) => {
      const shows = JSON.stringify([there.get(id)?.document, there.get(id)?.metadata]);
      return `${collection}: ${id} shows ${shows}, and ${JSON.stringify(metadata)} is due`;
    }),
  ];
}

async function corruptGenerations(stack: Stack, collection: Collection): Promise<string[]> {
  const generations = stack.generationsOf(collection);
  const problems: string[] = [];
  for (const { name } of await generations.list()) {
    if (name.startsWith(".tmp-")) continue;
    const { files } = await generations.manifest(name);
    const folder = join(generations.pathOf(name), databaseFolder);
    const found = files.length === 0 ? [] : await describeFiles(folder);
    if (!isDeepStrictEqual(found, files) || !(await generations.isSound(name)))
      problems.push(`${collection}: ${name} is not what its manifest says`);
  }
  return problems;
}

async function openRuns(stack: Stack, failed: ReadonlySet<string | undefined>): Promise<string[]> {
  const { Items = [] } = await stack.client.send(new ScanCommand({ TableName: stack.receiptsTable }));
  const runs = Items.filter(({ TYPE, run_id }) => TYPE === "COMPACTION_RUN" && !failed.has(run_id));
  return runs.flatMap((run) =>
    run.lines_state === "COMPLETED" && run.words_state === "COMPLETED"
      ? []
      : [
          `run ${run.run_id} is ${run.lines_state} and ${run.words_state}: ${run.lines_error ?? run.words_error}`,
        ],
  );
}

async function controlProblems(
  stack: Stack,
  application: Application,
  failed: ReadonlySet<string | undefined>,
): Promise<string[]> {
  const { Items = [] } = await stack.client.send(new ScanCommand({ TableName: stack.controlTable }));
  const problems: string[] = [];
  for (const item of Items) {
    const [kind] = String(item.PK).split("#");
    const holder = item.lease_owner ?? item.fold_owner;
    if (kind === "COLLECTION" && holder !== undefined) problems.push(`${item.PK} is still held`);
    if (kind === "OPEN" && !failed.has(item.run_id)) problems.push(`run ${item.run_id} is listed as open`);
    if (kind === "FAILURE") problems.push(`a failure of ${item.SK} is still counted: ${item.reason}`);
  }
  for (const receipt of application.receipts) {
    const current = await stack.runs.current(receipt);
    const image = Number(receipt.imageId.slice(-12));
    if (current?.runId !== application.runIdOf(image)) {
      problems.push(`${receipt.imageId} has ${current?.runId} as its current run`);
    }
  }
  return problems;
}
