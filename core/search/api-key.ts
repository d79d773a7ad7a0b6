import { createHash, timingSafeEqual } from "node:crypto";
import { HttpError } from "./http-error.ts";

/** Throws a 401 unless the presented key is the expected one; takes equally long for every wrong key. */
export function requireApiKey(presented: string | string[] | undefined, expected: string): void {
  if (typeof presented === "string" && timingSafeEqual(digest(presented), digest(expected))) return;
  throw new HttpError(401, "unauthorized", "Send the API key of this service in the header x-api-key.");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
