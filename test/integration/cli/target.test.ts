import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { stackOutputs as outputs } from "../../unit/cli/stack-outputs.ts";

const search = join(import.meta.dirname, "../../../cli/search.ts");

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "target-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** What `npm run search -- ...` prints and its exit code, with a Pulumi CLI that answers a text. */
async function run(options: string[], pulumiAnswers?: string) {
  if (pulumiAnswers !== undefined) {
    await writeFile(join(folder, "pulumi"), `#!/bin/sh\necho '${pulumiAnswers}'\n`);
    await chmod(join(folder, "pulumi"), 0o755);
  }
  const environment = { ...process.env, PATH: `${folder}:/bin:/usr/bin` };
  return promisify(execFile)(process.execPath, [search, ...options], { cwd: folder, env: environment }).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, said: stderr }),
  );
}

test("without a stack the error says how to start one", async () => {
  const { code, said } = await run(["total"]);
  expect(code).toBe(1);
  expect(said).toMatch(/^No stack is running here .*`npm start`/);
});

test("a stack that was killed counts as none", async () => {
  await mkdir(join(folder, ".vectorkeep"));
  const environment = { AWS_ENDPOINT_URL: "http://127.0.0.1:9" };
  await writeFile(join(folder, ".vectorkeep/stack.json"), JSON.stringify({ outputs, environment }));
  expect((await run(["total"])).said).toMatch(
    /^No stack is running here \(looked for http:\/\/127.0.0.1:9\)/,
  );
});

test("the outputs of a deployed stack come from the Pulumi CLI; one without a query service is refused", async () => {
  const { code, said } = await run(["total", "--stack", "dev"], JSON.stringify(outputs));
  expect(code).toBe(1);
  expect(said).toMatch(/^This stack has no search API\. .*query:enabled true/);
});

test("outputs of another program are named with all that is missing", async () => {
  const { said } = await run(["total", "--stack", "other"], JSON.stringify({ region: "eu-central-1" }));
  expect(said).toMatch(/^The outputs of stack other could not be read:/);
  expect(said).toMatch(/embedQueueUrl[\s\S]*controlTable/);
});

test("help, a missing text and an unknown option need no stack", async () => {
  expect((await run(["--help"])).code).toBe(0);
  expect((await run([])).said).toMatch(/^There is no text to search for\. .*--help/);
  expect((await run(["total", "--colection", "words"])).said).toMatch(/--colection/);
});
