import type { IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";
import { type LoopbackServer, sendJson, serveLoopback } from "../loopback-server.ts";
import { ApiError, badRequest, controlError, unauthenticated } from "./api-error.ts";
import { ControlPlane } from "./control-plane.ts";
import { answerData } from "./data-plane.ts";

export interface PineconeOptions {
  /** 0 selects a free one. */
  readonly port: number;
  /** Indexes that are there from the start. */
  readonly indexes?: readonly { readonly name: string; readonly dimension: number }[];
}

interface Answered {
  readonly status: number;
  readonly body: object;
}

/**
 * Pinecone's API on loopback for the official client: control plane at `/indexes`, each index at `/hosts/{name}`. Any
 * API key will do. Throws ApiError for an index that Pinecone would not create.
 */
export async function startPineconeServer({ port, indexes = [] }: PineconeOptions): Promise<LoopbackServer> {
  const control = new ControlPlane();
  for (const { name, dimension } of indexes) {
    control.create({ name, schema: { fields: { _values: { type: "dense_vector", dimension } } } });
  }
  return serveLoopback(port, async (request, response) => {
    const body = await readText(request);
    try {
      const answered = answer(control, request, body);
      sendJson(response, answered.status, answered.body);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const contentType = error.body.startsWith("{") ? "application/json" : "text/plain";
      response.writeHead(error.status, { "content-type": contentType }).end(error.body);
    }
  });
}

function answer(control: ControlPlane, request: IncomingMessage, text: string): Answered {
  if (!request.headers["api-key"]) throw unauthenticated();
  const { pathname, searchParams } = new URL(request.url ?? "/", `http://${request.headers.host}`);
  const body = parseJson(text);
  const [, place, name = "", ...rest] = pathname.split("/").map(decodeURIComponent);
  if (place === "hosts") {
    const route = `${request.method} /${rest.join("/")}`;
    const answered = answerData(control.find(name), { route, query: searchParams, body });
    if (answered !== undefined) return { status: 200, body: answered };
  }
  const describe = (index: string) =>
    control.describe(index, `http://${request.headers.host}/hosts/${index}`);
  switch (
    place === "indexes" && rest.length === 0 ? `${request.method} ${name === "" ? "all" : "one"}` : ""
  ) {
    case "GET all":
      return { status: 200, body: { indexes: control.names().map(describe) } };
    case "POST all":
      return { status: 201, body: describe(control.create(body)) };
    case "GET one":
      return { status: 200, body: describe(name) };
    case "DELETE one":
      control.delete(name);
      return { status: 202, body: {} };
  }
  throw controlError(501, "UNIMPLEMENTED", `The local Pinecone does not have ${request.method} ${pathname}`);
}

function parseJson(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("The body is not JSON");
  }
}
