import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bundleFunction, place } from "../../infra/bundles/bundle.ts";
import { deployCatchUp } from "./support/catch-up-stack.ts";
import { ofType } from "./support/deploy.ts";

const script = "import(process.argv[1]).then(({ handler }) => console.log(typeof handler))";

let environments: Map<string, Record<string, string>>;
let folder: string;

beforeAll(async () => {
  const functions = ofType(
    await deployCatchUp({ "collections:mirror": "s3vectors" }),
    "aws:lambda/function:Function",
  );
  environments = new Map(
    [...functions].map(([name, { environment }]) => [
      name,
      (environment as { variables: Record<string, string> }).variables,
    ]),
  );
  folder = await mkdtemp(join(tmpdir(), "function-start-"));
});

afterAll(() => rm(folder, { recursive: true }));

test.each([
  "embed",
  "export-ocr-results",
  "stream-processor",
  "compaction",
  "fold",
  "generations",
  "export-snapshot",
  "mirror",
  "sweeper",
  "catch-up-api",
  "catch-up-run",
  "catch-up-chunk",
  "catch-up-batch",
  "catch-up-settle",
  "catch-up-watch",
])(
  "%s starts from its bundle with the environment that the stack gives it, and nothing else",
  async (name) => {
    const bundle = await bundleFunction(name, { native: name === "fold" ? ["chroma"] : [] });
    const placed = await place(bundle, join(folder, name));
    const env = { ...environments.get(`vectorkeep-dev-${name}`), AWS_REGION: "us-east-1" };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["-e", script, join(placed, "index.mjs")],
      { env },
    );
    expect(stdout.trim()).toBe("function");
  },
);
