import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { nightly } from "../faults/nightly.ts";

jest.setTimeout(300_000);

const command = join(import.meta.dirname, "../../bench/catchup.ts");

/** What it prints. It ends with code 1 where the machine is too slow for a bound, which is no fault of the command. */
async function measured(): Promise<string> {
  return promisify(execFile)(process.execPath, [command, "--quick", "--sink", "s3vectors"]).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
  );
}

nightly(
  "npm run bench:catchup brings every row through stack and bare loop, reads the file twice, and asks for the status",
  async () => {
    const said = await measured();
    expect(said).toMatch(/^500 rows in .* rows\/s$/m);
    expect(said).toMatch(/^1,500 rows in .* rows\/s$/m);
    expect(said).toMatch(/^pass {2}S3 was read 2\.00 times, bound 2\.1$/m);
    expect(said).toMatch(/^pass {2}no function had more than \d+ MB, bound 512$/m);
    expect(said).toMatch(/chunk 8 times, /);
    expect(said).toMatch(/1,500 rows into S3 Vectors: .* of the rate into Pinecone, bound 0\.9$/m);
    expect(said).toMatch(/^\d+ status answers at 50 a second/m);
  },
);
