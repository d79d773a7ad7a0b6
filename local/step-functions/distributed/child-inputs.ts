import type { MapState } from "../graph/definition.ts";
import type { QueryLanguage, Scope } from "../language/query-language.ts";
import { maxPayloadBytes } from "../states-error.ts";

/** The input of one child execution, as JSON. */
export interface ChildInput {
  readonly text: string;
  readonly itemCount: number;
}

export interface Batching {
  readonly maxItems: number;
  readonly maxBytes: number;
  /** Merged into every batch's input. */
  readonly batchInput: unknown;
}

/** Yields one input per item on demand. */
export async function* selectedItems(
  items: readonly unknown[],
  { state, language, scope }: { state: MapState; language: QueryLanguage; scope: Scope },
): AsyncGenerator<ChildInput> {
  for (const [index, item] of items.entries()) {
    const context = { ...scope.context, Map: { Item: { Index: index, Value: item } } };
    const selected =
      state.ItemSelector === undefined
        ? item
        : await language.template(state.ItemSelector, state, { ...scope, context });
    yield { text: JSON.stringify(selected), itemCount: 1 };
  }
}

/** Inputs `{"BatchInput": ..., "Items": [...]}` of as many items as fit. */
export async function* batched(
  inputs: AsyncIterable<ChildInput>,
  { maxItems, maxBytes, batchInput }: Batching,
): AsyncGenerator<ChildInput> {
  const head = batchInput === undefined ? "{" : `{"BatchInput":${JSON.stringify(batchInput)},`;
  const textOf = (batch: readonly string[]) => `${head}"Items":[${batch.join(",")}]}`;
  const emptyBytes = Buffer.byteLength(textOf([]));
  let batch: string[] = [];
  let bytes = emptyBytes;
  for await (const { text } of inputs) {
    const more = Buffer.byteLength(text) + 1;
    const isFull = batch.length >= maxItems || bytes + more > Math.min(maxBytes, maxPayloadBytes);
    if (batch.length > 0 && isFull) {
      yield { text: textOf(batch), itemCount: batch.length };
      batch = [];
      bytes = emptyBytes;
    }
    batch.push(text);
    bytes += more;
  }
  if (batch.length > 0) yield { text: textOf(batch), itemCount: batch.length };
}
