import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { NamespaceModel } from "./namespace-model.ts";

/** The namespace holds vectors that another model, dimension or text format made. */
export class NamespaceOfAnotherModelError extends VectorkeepError {
  constructor(namespace: string, held: NamespaceModel, given: NamespaceModel) {
    super(
      `Namespace ${namespace} is for vectors of ${wordsFor(held)}; the task would write vectors of ${wordsFor(given)}.`,
      `Nothing was paid. Name the model ${held.model}, or another namespace (a row's record_type is one). If ${namespace} is empty, \`npm run catchup -- --forget-namespace ${namespace}\` frees it.`,
    );
  }
}

/** The namespace holds vectors of an unrecorded model, which only the default model of the stack may add to. */
export class NamespaceOfUnknownModelError extends VectorkeepError {
  constructor(namespace: string, given: NamespaceModel, defaultModel: string) {
    super(
      `Namespace ${namespace} holds vectors of a model that is not recorded; the task would write vectors of ${wordsFor(given)}.`,
      `Nothing was paid. Name another namespace, or empty this one. If ${defaultModel}, the model of the stack, made its vectors, a task with that model records it.`,
    );
  }
}

/** The stack no longer has the model of a task. */
export class ModelMissingError extends VectorkeepError {
  constructor(model: string) {
    super(
      `The stack has no model ${model}.`,
      "Nothing was paid. Add it to catchup:models, or start the task again with a model of the stack.",
    );
  }
}

function wordsFor({ model, dimensions, text_format }: NamespaceModel): string {
  return `${model} with ${dimensions} dimensions and the text format ${text_format}`;
}
