import { errorFields } from "../log.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";

/** The log fields of an error that ends a process or an invocation. An unforeseen error also has its stack. */
export function fatalErrorFields(error: unknown) {
  const isUnforeseen = error instanceof Error && !(error instanceof VectorkeepError);
  return { ...errorFields(error), ...(isUnforeseen && { stack: error.stack }) };
}
