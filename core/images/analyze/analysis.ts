import * as z from "zod";

/** Increase it with every change of the prompt or the schema. Images are then analyzed again. */
export const promptVersion = 1;

/** Maximum bytes of a stored answer. The Data API does not return rows above 64 KB. */
const maxBytes = 48 * 1024;

export const prompt = `You describe images so that people find them again by what they show.
Answer with one JSON object of the given schema.
- category: one short noun phrase, for example menu, recipe, ticket, timetable, checklist, receipt, document, screenshot, artwork, product, place, people, food, nature.
- headline: what is largest or first to be read, at most 12 words.
- summary: two or three sentences about what the image shows and what it is for.
- image_details.extracted_text: every legible text, one entry per line, as it is written.
- image_details.key_interest: what a person would keep the image for.
- image_details.likely_source: where it comes from, for example a scan, a phone camera, an app.
- media_metadata: only what is visible in a post of a social network; null or empty otherwise.
Leave a list empty where nothing applies. Do not guess names of people.`;

/** The schema that providers receive. They require every field, so that optional ones are nullable. */
const texts = z.array(z.string());
export const askedAnalysis = z.object({
  category: z.string(),
  subcategories: texts,
  headline: z.string(),
  summary: z.string(),
  image_details: z.object({
    extracted_text: texts,
    objects: texts,
    themes: texts,
    emotions: texts,
    vibes: texts,
    visual_hierarchy: texts,
    key_interest: z.string().nullable(),
    likely_source: z.string().nullable(),
  }),
  media_metadata: z.object({
    original_poster: z.string().nullable(),
    tagged_accounts: texts,
    location_tags: texts,
    audio_source: z.string().nullable(),
    hashtags: texts,
  }),
});

/** PostgreSQL rejects NUL, and lone surrogates in JSON. */
const clean = z.string().transform((text) => text.replaceAll("\u0000", "").toWellFormed().trim());
const maybe = clean.nullish().transform((text) => text || null);
/** Models may return a string or null instead of a list. */
const list = z
  .union([z.array(clean.nullable()), clean, z.null()])
  .optional()
  .transform((value) => [value ?? []].flat().flatMap((text) => (text === null || text === "" ? [] : [text])));

/** The schema by which answers are validated. */
export const analysis = z.object({
  category: clean.pipe(z.string().min(1)),
  subcategories: list,
  headline: maybe,
  summary: clean.pipe(z.string().min(1)),
  image_details: z.object({
    extracted_text: list,
    objects: list,
    themes: list,
    emotions: list,
    vibes: list,
    visual_hierarchy: list,
    key_interest: maybe,
    likely_source: maybe,
  }),
  media_metadata: z
    .object({
      original_poster: maybe,
      tagged_accounts: list,
      location_tags: list,
      audio_source: maybe,
      hashtags: list,
    })
    .nullish()
    .transform(
      (given) =>
        given ?? {
          original_poster: null,
          tagged_accounts: [],
          location_tags: [],
          audio_source: null,
          hashtags: [],
        },
    ),
});

export type Analysis = z.infer<typeof analysis>;

/** Returns the analysis in a model's answer, or the problem with it. Models may wrap JSON in Markdown fences. */
export function readAnalysis(answer: string): { readonly analysis: Analysis } | { readonly problem: string } {
  const text = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/i.exec(answer)?.[1] ?? answer;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: "it is not JSON" };
  }
  const parsed = analysis.safeParse(json);
  return parsed.success ? { analysis: bounded(parsed.data) } : { problem: z.prettifyError(parsed.error) };
}

/** Shortens the longest texts and lists until the analysis can be stored. */
function bounded(given: Analysis): Analysis {
  let fitting = given;
  for (let length = 8_192; Buffer.byteLength(JSON.stringify(fitting)) > maxBytes; length /= 2) {
    fitting = shortened(fitting, length) as Analysis;
  }
  return fitting;
}

function shortened(value: unknown, length: number): unknown {
  if (typeof value === "string") return value.slice(0, length).toWellFormed();
  if (Array.isArray(value)) {
    return value.slice(0, Math.max(1, length / 32)).map((one) => shortened(one, length));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shortened(one, length)]));
}
