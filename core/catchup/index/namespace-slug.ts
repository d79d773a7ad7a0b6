import { hash } from "node:crypto";

const maxSlugLength = 50;

/**
 * Returns a name for a namespace in sinks with few allowed characters: `{slug}-{hash8}`. The hash distinguishes
 * namespaces that only differ in case or punctuation.
 */
export function namespaceSlug(namespace: string): string {
  const slug = namespace
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, maxSlugLength)
    .replace(/^-|-$/g, "");
  return `${slug || "namespace"}-${hash("sha256", namespace, "hex").slice(0, 8)}`;
}
