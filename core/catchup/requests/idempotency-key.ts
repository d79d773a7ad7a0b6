import { RequestInvalidError } from "./request-errors.ts";

const maxKeyLength = 200;

/** The header Idempotency-Key of a request; undefined if it is absent. Throws RequestInvalidError. */
export function readIdempotencyKey(key: string | undefined): string | undefined {
  if (key === undefined || (key !== "" && key.length <= maxKeyLength)) return key;
  throw new RequestInvalidError([
    { parameter: "Idempotency-Key", given: key.slice(0, 50), accepted: `1 to ${maxKeyLength} characters` },
  ]);
}
