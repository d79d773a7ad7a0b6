import { hash, timingSafeEqual } from "node:crypto";

/** Whether a caller presents the expected secret. Takes the same time for every wrong one. */
export function isSameSecret(presented: unknown, expected: string): boolean {
  return typeof presented === "string" && timingSafeEqual(digest(presented), digest(expected));
}

/** All digests have the same length, as `timingSafeEqual` requires. */
function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
