import { buffer } from "node:stream/consumers";
import { buildApp } from "fauxqs";
import { SnsStore } from "../node_modules/fauxqs/dist/sns/snsStore.js";
import { INVALID_MESSAGE_BODY_CHAR } from "../node_modules/fauxqs/dist/sqs/sqsTypes.js";
import type { FauxqsWire } from "./services/fauxqs/wire.ts";
import { ObjectStore } from "./services/s3/object-store.ts";
import { QueueStore } from "./services/sqs/queue-store.ts";

/**
 * fauxqs, in this process and without a socket: it parses the wire, our stores hold the queues and objects.
 * Its stores are not exported, so they are imported by path and the version is pinned.
 */
export interface Fauxqs extends FauxqsWire {
  readonly queues: QueueStore;
  readonly objects: ObjectStore;
  readonly topics: SnsStore;
  close(): Promise<void>;
}

/** The characters that AWS rejects. Unlike fauxqs, AWS allows characters outside the basic plane, such as emoji. */
const forbiddenInMessages = "[^\\x09\\x0A\\x0D\\x20-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}]";

export function startFauxqs(): Fauxqs {
  INVALID_MESSAGE_BODY_CHAR.compile(forbiddenInMessages, "u");
  const queues = new QueueStore();
  const objects = new ObjectStore();
  const topics = new SnsStore();
  const app = buildApp({
    logger: false,
    stores: { sqsStore: queues, snsStore: topics, s3Store: objects },
  });
  return {
    queues,
    objects,
    topics,
    async request({ method, path, headers, body }) {
      const { "transfer-encoding": _chunked, ...passed } = headers;
      const response = await app.inject({
        method: method as "GET",
        url: path,
        headers: { ...passed, host: "127.0.0.1", "content-length": String(Buffer.byteLength(body)) },
        payload: body,
        // Otherwise each body is decoded to a string too: of vectors, that is most of a GetObject's time.
        payloadAsStream: true,
      });
      return {
        status: response.statusCode,
        headers: replyHeaders(response.headers),
        body: await buffer(response.stream()),
      };
    },
    close: async () => app.close(),
  };
}

function replyHeaders(
  headers: Readonly<Record<string, number | string | string[] | undefined>>,
): Record<string, string> {
  const connectionOnly = new Set(["connection", "transfer-encoding", "date", "keep-alive"]);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || connectionOnly.has(name) ? [] : [[name, String(value)] as const],
    ),
  );
}
