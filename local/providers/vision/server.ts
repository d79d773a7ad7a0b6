import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { type LoopbackServer, sendJson, serveLoopback } from "../../loopback-server.ts";
import { type Fault, Faults } from "../faults.ts";
import {
  anthropicError,
  openAiError,
  randomId,
  renderMessage,
  renderResponse,
  type VisionAnswer,
} from "./answer.ts";
import {
  readAnthropicRequest,
  readOpenAiRequest,
  type VisionRequest,
  VisionRequestError,
} from "./request.ts";
import type { VisionModel } from "./vision-model.ts";

interface Wire {
  read(body: string): VisionRequest;
  render(answer: VisionAnswer): object;
  error(status: number, message: string): object;
}

const wires: Readonly<Record<string, Wire>> = {
  "POST /v1/messages": {
    read: readAnthropicRequest,
    render: renderMessage,
    error: anthropicError,
  },
  "POST /v1/responses": {
    read: readOpenAiRequest,
    render: renderResponse,
    error: openAiError,
  },
};

/**
 * The vision models of Anthropic (`POST /v1/messages`) and OpenAI (`POST /v1/responses`) on loopback. Accepts any API
 * key. `POST /local/faults` schedules failures, `POST /local/instant` with `true` answers without reading the image,
 * `GET /local/usage` returns counts.
 */
export function startVisionServer(port: number, model: VisionModel): Promise<LoopbackServer> {
  const faults = new Faults();
  return serveLoopback(port, async (request, response) => {
    const route = `${request.method} ${request.url?.split("?")[0]}`;
    const body = await readText(request);
    const wire = wires[route];
    if (wire !== undefined) return answer(wire, model, faults.take(), body, request, response);
    switch (route) {
      case "GET /local/usage":
        return sendJson(response, 200, model.usage);
      case "POST /local/faults":
        faults.plan(JSON.parse(body));
        return sendJson(response, 200, {});
      case "POST /local/instant":
        model.instant = JSON.parse(body) === true;
        return sendJson(response, 200, {});
      default:
        return sendJson(response, 404, anthropicError(404, `Not found: ${route}`));
    }
  });
}

async function answer(
  wire: Wire,
  model: VisionModel,
  fault: Fault | undefined,
  body: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const id = `req_${randomId()}`;
  response.setHeader("request-id", id).setHeader("x-request-id", id);
  try {
    if (!request.headers["x-api-key"] && !request.headers.authorization) {
      throw new VisionRequestError(401, "The request has no API key.");
    }
    switch (fault?.kind) {
      case "status":
        if (fault.retryAfterSeconds !== undefined) response.setHeader("retry-after", fault.retryAfterSeconds);
        throw new VisionRequestError(fault.status, `The local provider was asked to answer ${fault.status}.`);
      case "hangs":
        return;
      case "breaks off":
        response.writeHead(200, { "content-length": 1_000 }).write("{");
        response.destroy();
        return;
      case "slow":
        await delay(fault.milliseconds);
    }
    sendJson(response, 200, wire.render(await model.answer(wire.read(body), fault)));
  } catch (error) {
    const status = error instanceof VisionRequestError ? error.status : 500;
    sendJson(response, status, wire.error(status, error instanceof Error ? error.message : String(error)));
  }
}
