import type * as z from "zod";
import type { analysis } from "../analyze/analysis.ts";

/** Returns the text to embed of an analysis, most important parts first, without empty ones. */
export function documentOf(found: z.infer<typeof analysis>): string {
  const { image_details: details, media_metadata: media } = found;
  const parts: (string | null | readonly string[])[] = [
    found.summary,
    found.headline,
    found.category,
    found.subcategories,
    details.extracted_text,
    details.key_interest,
    details.themes,
    details.objects,
    details.emotions,
    details.vibes,
    media.location_tags,
    media.hashtags,
  ];
  return parts
    .map((part) => (Array.isArray(part) ? part.filter((one) => one.trim() !== "").join(", ") : (part ?? "")))
    .map((part) => (part as string).trim())
    .filter((part) => part !== "")
    .join("\n");
}
