import { hash } from "node:crypto";

const maxSlugLength = 50;

/**
 * The name of a namespace where names have few characters: `{slug}-{hash8}`. The hash keeps namespaces apart whose names
 * differ in case or signs alone.
 */
export function namespaceSlug(namespace: string): string {
  const slug = namespace
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, maxSlugLength)
    .replace(/^-|-$/g, "");
  return `${slug || "namespace"}-${hash("sha256", namespace, "hex").slice(0, 8)}`;
}
