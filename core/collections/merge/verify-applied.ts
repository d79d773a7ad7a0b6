import type { ShardName } from "../../../contract/collections.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { MergeStore } from "../chroma/vector-store.ts";
import type { Applied } from "./apply-deltas.ts";
import { shows } from "./metadata-changes.ts";
import type { Reconciled } from "./reconcile.ts";

const namesShown = 5;

/** After the merge, a shard does not contain the expected vectors. */
export class CollectionDivergedError extends VectorkeepError {
  constructor(shard: ShardName, differences: readonly string[]) {
    super(
      `The new generation of ${shard} does not match its deltas and changes: ${differences.join("; ")}.`,
      "Nothing was published, and the messages are redelivered. If it persists, rebuild the collection from its deltas with `npm run generations -- lines|words --rebuild`.",
    );
  }
}

/** Reads the shard back and compares it with what was applied. Throws CollectionDivergedError. */
export async function verifyApplied(
  store: MergeStore,
  shard: ShardName,
  applied: Applied,
  reconciled: Reconciled,
): Promise<void> {
  const removed = new Set([...applied.removed, ...reconciled.removed]);
  const expected = applied.expected.filter((id) => !removed.has(id));
  const differences: string[] = [];
  const there = await store.present(expected);
  const missing = expected.filter((id) => !there.has(id));
  if (missing.length > 0) differences.push(`${missing.length} vectors are missing (${shown(missing)})`);
  const left = [...(await store.present([...removed]))];
  if (left.length > 0) differences.push(`${left.length} removed vectors are still there (${shown(left)})`);
  const stale = await staleIds(store, reconciled);
  if (stale.length > 0) differences.push(`${stale.length} vectors do not show a change (${shown(stale)})`);
  const due = applied.before + applied.added - removed.size;
  const count = await store.count();
  if (count !== due) differences.push(`it holds ${count} vectors instead of ${due}`);
  if (differences.length > 0) throw new CollectionDivergedError(shard, differences);
}

async function staleIds(store: MergeStore, { updated }: Reconciled): Promise<string[]> {
  const stored = new Map(
    (await store.readMetadata([...updated.keys()])).map((one) => [one.id, one.metadata]),
  );
  return [...updated].flatMap(([id, changes]) => (shows(stored.get(id) ?? {}, changes) ? [] : [id]));
}

function shown(ids: readonly string[]): string {
  const first = ids.slice(0, namesShown).join(", ");
  return ids.length > namesShown ? `${first}, ...` : first;
}
