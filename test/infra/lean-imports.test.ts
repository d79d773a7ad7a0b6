import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { buildProgram, projectRoot } from "../../infra/bundles/build-program.ts";
import { leanImports } from "../../infra/bundles/lean-imports.ts";

jest.setTimeout(120_000);

const buildFolder = join(projectRoot, ".build");
let folder: string;

beforeAll(async () => {
  await mkdir(buildFolder, { recursive: true });
  folder = await mkdtemp(join(buildFolder, "lean-imports-"));
});

afterAll(() => rm(folder, { recursive: true }));

test.each(["client-s3", "client-s3vectors", "client-dynamodb", "client-sqs", "client-efs"])(
  "every schema of %s means the same when it can be left out",
  async (client) => {
    const source = join(projectRoot, "node_modules/@aws-sdk", client, "dist-es/schemas/schemas_0.js");
    const [original, lean] = await Promise.all([schemasOf(source, []), schemasOf(source, [leanImports])]);
    expect(Object.keys(original).length).toBeGreaterThan(20);
    expect(lean).toEqual(original);
  },
);

test("a bundle has the schemas of operations that it calls, and no other", async () => {
  const code = await codeOf(
    `import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
     export const handler = () => new S3Client({}).send(new GetObjectCommand({ Bucket: "b", Key: "k" }));`,
  );
  expect(code).toContain("/{Key+}?x-id=GetObject");
  expect(code).not.toContain("?restore");
});

test("a bundle has no source of credentials but the environment and the host of containers", async () => {
  const { inputs } = await buildProgram("functions/sweeper/handler.ts");
  const providers = [...inputs.keys()].flatMap((path) => /(credential-provider-\w+)/.exec(path)?.[1] ?? []);
  expect([...new Set(providers)].sort()).toEqual(["credential-provider-env", "credential-provider-http"]);
  expect([...inputs.keys()].filter((path) => path.includes("nested-clients"))).toEqual([]);
});

test.each(["bulk-api", "bulk-worker"])(
  "%s, which may run on a machine, also has its metadata",
  async (name) => {
    const { inputs } = await buildProgram(`containers/${name}/main.ts`);
    const paths = [...inputs.keys()];
    expect(paths.filter((path) => path.includes("credential-provider-imds"))).not.toEqual([]);
  },
);

async function codeOf(entry: string): Promise<string> {
  const file = join(folder, "entry.ts");
  await writeFile(file, entry);
  return Buffer.from((await buildProgram(file)).code).toString();
}

/** The exported schemas by name, in which each reference to another schema is its kind, namespace and name. */
async function schemasOf(source: string, plugins: (typeof leanImports)[]) {
  const outfile = join(folder, `schemas-${plugins.length}-${source.split("/").at(-4)}.cjs`);
  await build({ entryPoints: [source], bundle: true, platform: "node", format: "cjs", outfile, plugins });
  const exported = require(outfile) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(exported).map(([name, schema]) => [name, withoutReferences(schema)]),
  );
}

function withoutReferences(value: unknown): unknown {
  if (typeof value === "function") return head(value());
  if (Array.isArray(value)) return value.map(withoutReferences);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutReferences(part)]));
}

function head(schema: unknown): unknown {
  return Array.isArray(schema) ? schema.slice(0, 3) : schema;
}
