import { isSameSecret } from "../settings/same-secret.ts";
import { HttpError } from "./http-error.ts";

/** Throws an HttpError 401 unless the presented key equals the expected one. */
export function requireApiKey(presented: string | string[] | undefined, expected: string): void {
  if (isSameSecret(presented, expected)) return;
  throw new HttpError(401, "unauthorized", "Send the API key of this service in the header x-api-key.");
}
