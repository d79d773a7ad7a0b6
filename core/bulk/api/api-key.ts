import { hash, timingSafeEqual } from "node:crypto";

/** Whether the presented key is the expected one; takes equally long for every wrong key. */
export function isApiKey(presented: string | string[] | undefined, expected: string): boolean {
  return typeof presented === "string" && timingSafeEqual(digest(presented), digest(expected));
}

function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
