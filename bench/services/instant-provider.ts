import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { VectorsOfTexts } from "./vectors-of-texts.ts";

const variety = 256;

/**
 * Answers `POST /v1/embeddings` as OpenAI does, for any number of different texts, at once: a text gets one of a few hundred
 * vectors, whose base64 is there beforehand.
 */
export async function instantProvider(dimensions: number): Promise<Server> {
  const vectors = new VectorsOfTexts(dimensions);
  const literals = Array.from({ length: variety }, (_, number) => vectors.base64(`text ${number}`));
  const server = createServer((request, response) => {
    answer(request, response, literals).catch((error: Error) => {
      response.writeHead(400, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: error.message } }));
    });
  });
  // A client that is slow for a moment finds its connection closed otherwise, which none of them is measured by.
  server.keepAliveTimeout = 600_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  literals: readonly Buffer[],
): Promise<void> {
  const { model, input } = JSON.parse((await buffer(request)).toString()) as {
    model: string;
    input: string[];
  };
  const tokens = input.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
  const body = Buffer.concat([
    Buffer.from(`{"object":"list","model":${JSON.stringify(model)},"data":[`),
    ...input.flatMap((text, index) => [
      Buffer.from(`${index > 0 ? '"},' : ""}{"object":"embedding","index":${index},"embedding":"`),
      literals[sumOf(text) % variety] ?? Buffer.alloc(0),
    ]),
    Buffer.from(`"}],"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}}`),
  ]);
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

function sumOf(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at += 7) sum += text.charCodeAt(at);
  return sum;
}
