import { hash, timingSafeEqual } from "node:crypto";

/** Whether a caller presents the expected secret; takes equally long for every wrong one. */
export function isSameSecret(presented: unknown, expected: string): boolean {
  return typeof presented === "string" && timingSafeEqual(digest(presented), digest(expected));
}

/** Of equal length, whatever the text's is. */
function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
