import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import * as z from "zod";

/** File of a generation's folder, beside the folder `chroma` with the database. */
export const manifestFile = "manifest.json";
export const databaseFolder = "chroma";

const segment = /^(?!\.{1,2}$)[^/\\\0]+$/;

/** Stays inside the folder it is joined to. */
const relativePath = z.string().refine((path) => path.split("/").every((part) => segment.test(part)), {
  error: "is no path inside the generation",
});

/** What a generation is made of, written last into its folder. */
export const manifest = z.object({
  format: z.literal("vectorkeep-generation/1"),
  name: z.string(),
  /** The generation that it was made from; null for the first. */
  base: z.string().nullable(),
  model: z.string(),
  dimensions: z.int(),
  /** Vectors in it. */
  count: z.int(),
  /** The older generation whose content it has again; its base is the head that it took the place of. */
  restored: z.string().optional(),
  /** Made from deltas alone; its base is the head that it took the place of. */
  rebuilt: z.literal(true).optional(),
  /** Receipts in which it may differ from its base: those that it updated or restored. */
  receipts: z.array(z.object({ image_id: z.string(), receipt_id: z.int() })).default([]),
  files: z.array(z.object({ path: relativePath, size: z.int(), sha256: z.string() })),
});

export type Manifest = z.infer<typeof manifest>;
export type ManifestFile = Manifest["files"][number];

/** Throws the file system's error, or a ZodError or SyntaxError where the file is none. */
export async function readManifest(folder: string): Promise<Manifest> {
  return manifest.parse(JSON.parse(await readFile(join(folder, manifestFile), "utf8")));
}

/** Every file below the folder, by path. */
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

/** Of a file's bytes, in hexadecimal digits. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}
