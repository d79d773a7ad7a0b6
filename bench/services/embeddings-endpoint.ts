import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { announce } from "./announce.ts";
import { VectorsOfTexts } from "./vectors-of-texts.ts";

/**
 * Answers `POST /v1/embeddings` as OpenAI does, in next to no time: the answer about a text seen before is a copy
 * of bytes that are already base64.
 */
interface EmbeddingsRequest {
  readonly model: string;
  readonly input: string | string[];
  readonly dimensions?: number;
  readonly encoding_format?: "float" | "base64";
}

const dimensions = Number(process.argv[2]);
const quote = Buffer.from('"');
const vectors = new VectorsOfTexts(dimensions);

const server = createServer((request, response) => {
  answer(request, response).catch((error: Error) => {
    response.writeHead(400, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: error.message } }));
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
announce(server);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url !== "/v1/embeddings") throw new Error(`There is no ${request.url} here.`);
  const asked = JSON.parse((await buffer(request)).toString()) as EmbeddingsRequest;
  if (asked.dimensions !== undefined && asked.dimensions !== vectors.dimensions) {
    throw new Error(`This endpoint has ${vectors.dimensions} dimensions, not ${asked.dimensions}.`);
  }
  const body = answerBody(asked);
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

function answerBody({ model, input, encoding_format }: EmbeddingsRequest): Buffer {
  const texts = typeof input === "string" ? [input] : input;
  const vectorOf = encoding_format === "base64" ? base64Literal : floatsLiteral;
  const tokens = texts.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
  return Buffer.concat([
    Buffer.from(`{"object":"list","model":${JSON.stringify(model)},"data":[`),
    ...texts.flatMap((text, index) => [
      Buffer.from(`${index > 0 ? "}," : ""}{"object":"embedding","index":${index},"embedding":`),
      ...vectorOf(text),
    ]),
    Buffer.from(`}],"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}}`),
  ]);
}

function base64Literal(text: string): Buffer[] {
  return [quote, vectors.base64(text), quote];
}

function floatsLiteral(text: string): Buffer[] {
  return [Buffer.from(JSON.stringify([...vectors.floats(text)]))];
}
