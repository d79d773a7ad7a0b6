import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { json as readJson } from "node:stream/consumers";
import type { ReadableStream } from "node:stream/web";
import { sendJson } from "../loopback-server.ts";
import { BatchFaults } from "./batch-faults.ts";
import { Batches, type EmbedLine } from "./batches.ts";
import type { HurriedClock } from "./hurried-clock.ts";
import { type StoredFile, StoredFiles } from "./stored-files.ts";
import { ApiError } from "./wire.ts";

const route = /^\/v1\/(files|batches)(?:\/([^/]+))?(?:\/(content|cancel))?$/;
const usualPage = 20;

/**
 * OpenAI's Files and Batch API: `/v1/files`, `/v1/batches`. `POST /local/batch-faults` plans faults (BatchFaults), and
 * `POST /local/clock` with `{"seconds": 86400}` turns the clock forward.
 */
export class BatchApi {
  readonly #files: StoredFiles;
  readonly #faults = new BatchFaults();
  readonly #batches: Batches;
  readonly #clock: HurriedClock;

  private constructor(files: StoredFiles, clock: HurriedClock, embed: EmbedLine) {
    this.#files = files;
    this.#clock = clock;
    this.#batches = new Batches({ files, faults: this.#faults, clock, embed });
  }

  static async open(clock: HurriedClock, embed: EmbedLine): Promise<BatchApi> {
    return new BatchApi(await StoredFiles.open(clock), clock, embed);
  }

  close(): Promise<void> {
    return this.#files.close();
  }

  /** Answers a request of tests; resolves to false for any other. */
  async controls(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (request.method !== "POST") return false;
    if (request.url === "/local/batch-faults") this.#faults.plan(await readJson(request));
    else if (request.url === "/local/clock") this.#clock.hurry(secondsIn(await readJson(request)));
    else return false;
    sendJson(response, 200, {});
    return true;
  }

  /** Answers a request of the API; resolves to false for any other. Throws ApiError. */
  async answers(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://127.0.0.1");
    const [, kind, id, action] = route.exec(pathname) ?? [];
    if (kind === undefined) return false;
    const verb = [request.method, kind, id && "id", action].filter(Boolean).join(" ");
    switch (verb) {
      case "POST files":
        await this.#upload(request, response);
        break;
      case "GET files": {
        const all = this.#files
          .all()
          .filter(({ purpose }) => purpose === (searchParams.get("purpose") ?? purpose));
        sendJson(
          response,
          200,
          pageOf(searchParams.get("order") === "asc" ? all.reverse() : all, searchParams),
        );
        break;
      }
      case "GET files id":
        sendJson(response, 200, this.#file(id));
        break;
      case "GET files id content":
        await this.#sendContent(this.#file(id), response);
        break;
      case "DELETE files id":
        await this.#files.remove(this.#file(id));
        sendJson(response, 200, { id, object: "file", deleted: true });
        break;
      case "POST batches":
        this.#create(await readJson(request), response);
        break;
      case "GET batches":
        sendJson(response, 200, pageOf(await this.#batches.all(), searchParams));
        break;
      case "GET batches id":
        sendJson(response, 200, await this.#batches.get(id ?? ""));
        break;
      case "POST batches id cancel":
        sendJson(response, 200, await this.#batches.cancel(id ?? ""));
        break;
      default:
        return false;
    }
    return true;
  }

  #file(id: string | undefined): StoredFile {
    const file = this.#files.get(id ?? "");
    if (!file) throw new ApiError(404, `No such File object: ${id}`, "id", null);
    return file;
  }

  async #upload(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await new Request("http://127.0.0.1", {
      method: "POST",
      headers: { "content-type": request.headers["content-type"] ?? "" },
      body: Readable.toWeb(request) as ReadableStream,
      duplex: "half",
    } as RequestInit).formData();
    const file = form.get("file");
    const purpose = form.get("purpose");
    if (!(file instanceof File) || typeof purpose !== "string")
      throw new ApiError(400, "A file and its purpose are required.", "file", null);
    const seconds = form.get("expires_after[seconds]");
    const stored = await this.#files.add(Readable.fromWeb(file.stream() as ReadableStream), {
      filename: file.name,
      purpose,
      expiresAfterSeconds: seconds === null ? undefined : Number(seconds),
    });
    if (this.#faults.takes("upload answer lost")) response.destroy();
    else sendJson(response, 200, stored);
  }

  #create(body: unknown, response: ServerResponse): void {
    const batch = this.#batches.create(body);
    if (batch === undefined) response.destroy();
    else sendJson(response, 200, batch);
  }

  async #sendContent(file: StoredFile, response: ServerResponse): Promise<void> {
    const content = this.#files.content(file);
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": file.bytes });
    let left = this.#faults.takes("content breaks off")
      ? Math.floor(file.bytes / 2)
      : Number.POSITIVE_INFINITY;
    for await (const part of content) {
      left -= (part as Buffer).length;
      if (left < 0) {
        response.destroy();
        return;
      }
      if (!response.write(part)) await new Promise((resolve) => response.once("drain", resolve));
    }
    response.end();
  }
}

/** A page of a list, after the item that the client saw last. */
function pageOf(all: readonly { readonly id: string }[], query: URLSearchParams): object {
  const limit = Number(query.get("limit") ?? usualPage);
  const start = all.findIndex(({ id }) => id === query.get("after")) + 1;
  const data = all.slice(start, start + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < all.length,
  };
}

function secondsIn(body: unknown): number {
  const { seconds } = Object(body) as { readonly seconds?: unknown };
  if (typeof seconds !== "number") throw new ApiError(400, "seconds must be a number.", "seconds", null);
  return seconds;
}
