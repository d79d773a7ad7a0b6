import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

jest.setTimeout(120_000);

const file = (name: string) => join(import.meta.dirname, name);

/** What is printed for each of three texts. */
async function embedded(failures: number): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", file("slow-web-assembly.ts"), file("embed-texts.ts")],
    { env: { PATH: process.env.PATH, FAILURES: String(failures) } },
  );
  return stdout.trim().split("\n");
}

test("the local model waits for WebAssembly, however slowly it starts", async () => {
  expect(await embedded(0)).toEqual(["1", "1", "1"]);
});

test("a model that could not start is loaded again for the next text", async () => {
  const [first, ...others] = await embedded(2);
  expect(first).toMatch(/WebAssembly|backend/);
  expect(others.at(-1)).toBe("1");
});
