import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { CachedModel, type Model } from "../../embeddings/cached-model.ts";
import { sendJson, serveLoopback } from "../../loopback-server.ts";
import { documentVectors } from "../document-vectors.ts";
import { Faults } from "../faults.ts";
import { checkTokens, readRequest, renderAnswer, VoyageError } from "./wire.ts";

export interface VoyageServer {
  /** `http://127.0.0.1:{port}/v1`. */
  readonly baseUrl: string;
  close(): Promise<void>;
}

/** Voyage's `POST /v1/embeddings` on loopback, over the local sentence model. Any API key will do. */
export async function startVoyageServer(port: number, model: Model): Promise<VoyageServer> {
  const faults = new Faults();
  const usage = { requests: 0, texts: 0, tokens: 0 };
  const cached = new CachedModel(model);

  const embed = async (body: string): Promise<object> => {
    const request = readRequest(body);
    checkTokens(request);
    const { texts, base64 } = request;
    const embedded = await documentVectors(cached, texts);
    const tokens = embedded.reduce((sum, one) => sum + one.tokens, 0);
    usage.requests += 1;
    usage.texts += texts.length;
    usage.tokens += tokens;
    return renderAnswer(
      embedded.map(({ vector }) => vector),
      base64,
      tokens,
    );
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<object | undefined> => {
    const route = `${request.method} ${request.url?.split("?")[0]}`;
    const body = await readText(request);
    if (route === "GET /local/usage") return usage;
    if (route === "POST /local/faults") {
      faults.plan(JSON.parse(body));
      return {};
    }
    if (!request.headers.authorization?.startsWith("Bearer ")) {
      throw new VoyageError(401, "Provided API key is invalid.");
    }
    if (route !== "POST /v1/embeddings") throw new VoyageError(404, "Not Found");
    const fault = faults.take();
    switch (fault?.kind) {
      case "status":
        if (fault.retryAfterSeconds !== undefined) response.setHeader("retry-after", fault.retryAfterSeconds);
        throw new VoyageError(fault.status, `The local provider was asked to answer ${fault.status}.`);
      case "slow":
        await delay(fault.milliseconds);
        break;
      case "hangs":
        return undefined;
      case "breaks off":
        response.writeHead(200, { "content-length": 1_000 }).write("{");
        response.destroy();
        return undefined;
    }
    return embed(body);
  };

  const server = await serveLoopback(port, (request, response) =>
    answer(request, response).then(
      (body) => {
        if (body !== undefined) sendJson(response, 200, body);
      },
      (error: unknown) => {
        const failure = error instanceof VoyageError ? error : new VoyageError(500, String(error));
        sendJson(response, failure.status, failure.body());
      },
    ),
  );
  return { baseUrl: `${server.url}/v1`, close: server.close };
}
