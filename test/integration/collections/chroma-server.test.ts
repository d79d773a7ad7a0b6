import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ChromaServer, ChromaServerFailedError } from "../../../core/collections/chroma/chroma-server.ts";
import { ChromaVectorStore } from "../../../core/collections/chroma/chroma-vector-store.ts";
import { chromaLibrary, startChroma } from "../../unit/collections/chroma.ts";
import { deltaOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(60_000);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vectorkeep-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the Chroma server", () => {
  test("F15: what it acknowledged is in its files once it has stopped", async () => {
    const library = await chromaLibrary();
    const delta = deltaOf(1, "run", ["milk", "bread"]);
    const server = await ChromaServer.start({ library, path: folder });
    const store = await ChromaVectorStore.open(server, "lines");
    await store.upsert([{ delta, from: 0, to: 2 }]);
    await server.stop();
    expect(server.alive()).toBe(false);
    await expect(fetch(server.url)).rejects.toThrow();

    const again = await ChromaServer.start({ library, path: folder });
    const reopened = await ChromaVectorStore.open(again, "lines");
    expect(await reopened.present(delta.ids)).toEqual(new Set(delta.ids));
    await again.stop();
  });

  test("servers beside each other have ports of their own", async () => {
    const [one, other] = await Promise.all([startChroma(), startChroma()]);
    expect(one.server.port).not.toBe(other.server.port);
    await Promise.all([one.stop(), other.stop()]);
  });

  test("a library that does not load is named with what was printed", async () => {
    const library = join(folder, "broken.node");
    await writeFile(library, "no library");
    const starting = ChromaServer.start({ library, path: folder });
    await expect(starting).rejects.toThrow(ChromaServerFailedError);
    await expect(starting).rejects.toThrow("broken.node");
  });

  test("it ends with a parent that was killed", async () => {
    const source = pathToFileURL(join(__dirname, "../../../core/collections/chroma/chroma-server.ts")).href;
    const script = `
      const { ChromaServer } = await import(${JSON.stringify(source)});
      const server = await ChromaServer.start({ library: process.argv[1], path: process.argv[2] });
      console.log(server.url);
      setInterval(() => {}, 1000);`;
    const parent = spawn(
      process.execPath,
      ["--input-type=module", "--eval", script, await chromaLibrary(), folder],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [line] = await once(parent.stdout, "data");
    const url = String(line).trim();
    expect((await fetch(`${url}/api/v2/heartbeat`)).ok).toBe(true);
    parent.kill("SIGKILL");
    const gone = async () =>
      fetch(`${url}/api/v2/heartbeat`).then(
        () => false,
        () => true,
      );
    while (!(await gone())) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});
