import { unlessAborted } from "../../resilience/unless-aborted.ts";
import type { VectorStore } from "../chroma/vector-store.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** Opens a database. If the signal aborts first, the server is closed as soon as it has started. */
export async function openUnlessAborted(
  workspace: Workspace,
  name: string | undefined,
  signal: AbortSignal | undefined,
): Promise<VectorStore> {
  signal?.throwIfAborted();
  const opening = workspace.open(name);
  try {
    return await unlessAborted(() => opening, signal);
  } catch (error) {
    if (signal?.aborted) void opening.then(() => workspace.close()).catch(() => undefined);
    throw error;
  }
}
