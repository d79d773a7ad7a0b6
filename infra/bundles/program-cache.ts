import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { buildProgram, type Program, programOptions, projectRoot } from "./build-program.ts";

const recordSchema = z.object({
  /** Hash of everything but the inputs that affects the output. */
  recipe: z.string(),
  /** Hash of each file that went into the program. */
  inputs: z.record(z.string(), z.string()),
  codeBytes: z.number(),
  /** Hash of the code and the source map that follow. */
  program: z.string(),
});

type CacheRecord = z.infer<typeof recordSchema>;

const builders = ["build-program", "lean-imports", "own-source-map", "pure-schemas"].map(
  (name) => `infra/bundles/${name}.ts`,
);

const lineEnd = 0x0a;
/** The kernel's clock for file times is coarse, so a new file may appear a few milliseconds older. */
const clockTickMs = 20;

/**
 * Bundled programs, cached on disk. A program is bundled again only if an input file, esbuild, its options or an installed
 * package has changed. An instance does not see later changes of files: create one per deployment.
 */
export class ProgramCache {
  readonly #folder: string;
  readonly #build: typeof buildProgram;
  readonly #hashes = new Map<string, Promise<string | undefined>>();

  constructor(folder: string, build = buildProgram) {
    this.#folder = folder;
    this.#build = build;
  }

  /** The source as one file of JavaScript, with its source map. Throws BundleFailedError. */
  async program(source: string): Promise<Program> {
    const recipe = await this.#recipe();
    return (await this.#kept(source, recipe)) ?? this.#built(source, recipe);
  }

  async #kept(source: string, recipe: string): Promise<Program | undefined> {
    const file = await readFile(this.#file(source)).catch(() => undefined);
    const cut = file?.indexOf(lineEnd) ?? -1;
    if (file === undefined || cut === -1) return undefined;
    const record = recordOf(file.subarray(0, cut).toString());
    const program = file.subarray(cut + 1);
    if (record?.recipe !== recipe || record.program !== sha256(program)) return undefined;
    if (!(await this.#unchanged(record))) return undefined;
    const { codeBytes } = record;
    return { code: program.subarray(0, codeBytes), map: program.subarray(codeBytes) };
  }

  async #unchanged({ inputs }: CacheRecord): Promise<boolean> {
    const same = Object.entries(inputs).map(async ([path, hash]) => (await this.#hashOf(path)) === hash);
    return (await Promise.all(same)).every(Boolean);
  }

  async #built(source: string, recipe: string): Promise<Program> {
    const startedAt = Date.now() - clockTickMs;
    const { code, map, inputs } = await this.#build(source);
    const hashes: Record<string, string> = {};
    for (const path of inputs.keys()) {
      const hash = await this.#hashOf(path);
      // A file that was edited meanwhile may differ from the bundled one.
      if (hash === undefined || (await changedAt(path)) >= startedAt) return { code, map };
      hashes[path] = hash;
    }
    const program = Buffer.concat([code, map]);
    const record = { recipe, inputs: hashes, codeBytes: code.length, program: sha256(program) };
    await this.#keep(source, record, program);
    return { code, map };
  }

  /** Atomic, because concurrent programs share the folder. */
  async #keep(source: string, record: CacheRecord, program: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const fresh = `${this.#file(source)}.${randomUUID()}`;
    await writeFile(fresh, Buffer.concat([Buffer.from(`${JSON.stringify(record)}\n`), program]));
    await rename(fresh, this.#file(source));
  }

  /** The list of installed packages determines their versions and how their imports resolve. */
  async #recipe(): Promise<string> {
    const files = ["package.json", "tsconfig.json", "node_modules/.package-lock.json", ...builders];
    const hashes = await Promise.all(files.map((path) => this.#hashOf(path)));
    return sha256(JSON.stringify([programOptions, ...hashes]));
  }

  #file(source: string): string {
    return join(this.#folder, source.replaceAll("/", "+"));
  }

  /** Undefined if there is no such file. */
  #hashOf(path: string): Promise<string | undefined> {
    const known = this.#hashes.get(path);
    if (known !== undefined) return known;
    const hash = readFile(join(projectRoot, path)).then(sha256, () => undefined);
    this.#hashes.set(path, hash);
    return hash;
  }
}

async function changedAt(path: string): Promise<number> {
  return (await stat(join(projectRoot, path))).mtimeMs;
}

function recordOf(line: string): CacheRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
