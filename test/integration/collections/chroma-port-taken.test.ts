import { EventEmitter, once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChromaServer } from "../../../core/collections/chroma/chroma-server.ts";
import { chromaLibrary } from "../../unit/collections/chroma.ts";

/** Ports that look free for a moment and are taken by the time that the server wants them. */
const mockTakenMeanwhile: number[] = [];

jest.mock("node:net", () => {
  const net = jest.requireActual<typeof import("node:net")>("node:net");
  const createServer = (...args: Parameters<typeof net.createServer>) => {
    const port = mockTakenMeanwhile.pop();
    if (port === undefined) return net.createServer(...args);
    const probe = Object.assign(new EventEmitter(), {
      listen: () => probe,
      address: () => ({ port }),
      close: () => process.nextTick(() => probe.emit("close")),
    });
    process.nextTick(() => probe.emit("listening"));
    return probe;
  };
  return { ...net, createServer };
});

test("a Chroma server whose port is taken meanwhile takes another one, at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vectorkeep-test-"));
  const { createServer } = jest.requireActual<typeof import("node:net")>("node:net");
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  mockTakenMeanwhile.push(port, port);
  const server = await ChromaServer.start({ library: await chromaLibrary(), path: folder });
  expect(mockTakenMeanwhile).toEqual([]);
  expect(server.port).not.toBe(port);
  expect(server.alive()).toBe(true);
  await server.stop();
  holder.close();
  await rm(folder, { recursive: true });
}, 30_000);
