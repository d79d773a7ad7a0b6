import { inParallel } from "../../resilience/in-parallel.ts";
import { IndexOfAnotherDimensionError } from "../index/index-errors.ts";
import type { VectorSink } from "../index/vector-sink.ts";
import { NamespaceOfAnotherModelError, NamespaceOfUnknownModelError } from "./namespace-errors.ts";
import { isSameModel, type ModelSpace, type NamespaceModel, namespaceModelOf } from "./namespace-model.ts";
import type { NamespaceModels } from "./namespace-models.ts";

export interface NamespaceDeps {
  readonly namespaces: Pick<NamespaceModels, "read" | "claim">;
  readonly index: Pick<VectorSink, "sink" | "describe">;
  /** The model of the stack, which made the vectors from before models were recorded. */
  readonly defaultModel: string;
}

const readsInFlight = 16;

/**
 * Requires that all of these namespaces are for this model, and records it for those that are new. To be called before
 * anything is paid. Throws NamespaceOfAnotherModelError, NamespaceOfUnknownModelError, IndexOfAnotherDimensionError and the
 * errors of the sink.
 */
export async function requireModel(
  namespaces: Iterable<string>,
  space: ModelSpace,
  deps: NamespaceDeps,
): Promise<void> {
  const given = namespaceModelOf(space);
  await inParallel(namespaces, readsInFlight, async (namespace) => {
    const held = await deps.namespaces.read(namespace);
    if (held === undefined) await requireFitting(namespace, given, deps);
    requireSame(namespace, held ?? (await deps.namespaces.claim(namespace, given)), given);
  });
}

/** The same for one namespace, without recording anything. */
export async function checkModel(namespace: string, space: ModelSpace, deps: NamespaceDeps): Promise<void> {
  const given = namespaceModelOf(space);
  const held = await deps.namespaces.read(namespace);
  if (held !== undefined) requireSame(namespace, held, given);
  await requireFitting(namespace, given, deps, held !== undefined);
}

function requireSame(namespace: string, held: NamespaceModel, given: NamespaceModel): void {
  if (!isSameModel(held, given)) throw new NamespaceOfAnotherModelError(namespace, held, given);
}

/** What the sink itself says against writing vectors of this model. */
async function requireFitting(
  namespace: string,
  given: NamespaceModel,
  { index, defaultModel }: NamespaceDeps,
  isRecorded = false,
): Promise<void> {
  const { dimension, isUsed } = await index.describe(namespace);
  if (dimension !== undefined && dimension !== given.dimensions) {
    throw new IndexOfAnotherDimensionError(index.sink, dimension, given.dimensions);
  }
  if (isUsed && !isRecorded && given.model !== defaultModel) {
    throw new NamespaceOfUnknownModelError(namespace, given, defaultModel);
  }
}
