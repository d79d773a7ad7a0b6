import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import * as z from "zod";
import { type DocumentRef, documentModel } from "../../documents/documents.ts";

/** Name of the manifest in a generation's folder, beside the folder of the database. */
export const manifestFile = "manifest.json";
export const databaseFolder = "chroma";

const pathSegment = /^(?!\.{1,2}$)[^/\\\0]+$/;

/** A path that cannot leave the folder it is joined to. */
const relativePath = z.string().refine((path) => path.split("/").every((part) => pathSegment.test(part)), {
  error: "is not a path inside the generation",
});

/** A segment file, as a manifest names it. */
const segmentRef = z.object({
  name: z.string().regex(/^\d{8,}-\d+$/),
  size: z.int(),
  sha256: z.string(),
  /** Number of documents in it. */
  entries: z.int(),
});

/** Name of the index file, beside the folder of the database that it lists. */
export const indexFile = "index.vki";

const common = {
  name: z.string(),
  /** The generation that it was built from; null for the first. */
  base: z.string().nullable(),
  model: z.string(),
  dimensions: z.int(),
  /** Number of vectors in the generation. */
  count: z.int(),
  /** The older generation whose content it restores. Its base is the head that it replaced. */
  restored: z.string().optional(),
  /** Set if it was built from deltas alone. Its base is the head that it replaced. */
  rebuilt: z.literal(true).optional(),
  /** Stored names of the documents in which it may differ from its base, because it updated or restored them. */
  receipts: z.array(z.object(documentModel.storedShape)).default([]),
  /** The files in its own folder. */
  files: z.array(z.object({ path: relativePath, size: z.int(), sha256: z.string() })),
  /** The index in its own folder; absent in generations written before index files existed. */
  index: z.object({ size: z.int(), sha256: z.string() }).optional(),
};

/** A generation that consists of a database alone. */
const ofDatabase = z.object({ format: z.literal("vectorkeep-generation/1"), ...common });

/** A generation that consists of a database, often that of an older one, and of segments with later changes. */
const withSegments = z.object({
  format: z.literal("vectorkeep-generation/2"),
  ...common,
  /** The generation whose folder contains the database; null for an empty one. */
  database: z.string().nullable(),
  /** Number of vectors in the database. */
  database_count: z.int(),
  /** Oldest first. */
  segments: z.array(segmentRef),
});

const written = z.discriminatedUnion("format", [ofDatabase, withSegments]);

export type SegmentRef = z.infer<typeof segmentRef>;
export type ManifestFile = z.infer<typeof written>["files"][number];

/** The content of a generation. It is written to the folder last. */
export type Manifest = z.infer<typeof withSegments> | (z.infer<typeof ofDatabase> & OwnDatabase);

interface OwnDatabase {
  readonly database: string;
  readonly database_count: number;
  readonly segments: readonly SegmentRef[];
}

export const manifest = written.transform((made): Manifest => {
  if (made.format === "vectorkeep-generation/2") return made;
  return { ...made, database: made.name, database_count: made.count, segments: [] };
});

/** The manifest as written. Uses the older format if it is sufficient, so that an older release can read it. */
export function manifestText(made: Omit<z.infer<typeof withSegments>, "format">): string {
  const { database, database_count, segments, ...own } = made;
  const isPlain = database === made.name && segments.length === 0;
  const text: z.infer<typeof written> = isPlain
    ? { format: "vectorkeep-generation/1", ...own }
    : { format: "vectorkeep-generation/2", ...made };
  return JSON.stringify(text, undefined, 2);
}

/** The documents in which a generation may differ from its base. */
export function documentsOf({ receipts }: Pick<Manifest, "receipts">): DocumentRef[] {
  return receipts.map(documentModel.ofStored);
}

/** The manifest field that lists these documents. */
export function namedDocuments(documents: readonly DocumentRef[]): Pick<Manifest, "receipts"> {
  return { receipts: documents.map(documentModel.toStored) };
}

/** Throws the file system's error, or a ZodError or SyntaxError if the file is not a manifest. */
export async function readManifest(folder: string): Promise<Manifest> {
  return manifest.parse(JSON.parse(await readFile(join(folder, manifestFile), "utf8")));
}

/** Every file below the folder, sorted by path. */
export async function describeFiles(folder: string): Promise<ManifestFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  const files: ManifestFile[] = [];
  for (const path of paths) {
    const file = join(folder, path);
    files.push({ path, size: (await stat(file)).size, sha256: await sha256Of(file) });
  }
  return files;
}

/** SHA-256 of a file, in hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}
