import { createRequire } from "node:module";
import { dirname } from "node:path";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { FastifyAdapter } from "@bull-board/fastify";
import type { Queue } from "bullmq";
import type { FastifyInstance } from "fastify";
import { boardPath } from "./board-path.ts";

/** The pages name a font of another host, which need not know of them. */
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

/**
 * Bull Board over the queues, to look at: tasks are cancelled and retried by the API, which settles them. That nothing can be
 * changed also leaves nothing for another page to do with the key that a browser keeps.
 */
export async function registerBoard(app: FastifyInstance, queues: readonly Queue[]): Promise<void> {
  const serverAdapter = new FastifyAdapter();
  serverAdapter.setBasePath(boardPath);
  // In a bundle the pages lie beside the program.
  const uiBasePath = dirname(createRequire(import.meta.url).resolve("@bull-board/ui/package.json"));
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter,
    options: { uiBasePath, uiConfig: { boardTitle: "Vectorkeep bulk" } },
  });
  await app.register(
    async (scope) => {
      scope.addHook("onSend", async (_request, reply) => {
        reply.header("content-security-policy", policy);
      });
      await scope.register(serverAdapter.registerPlugin());
    },
    { prefix: boardPath },
  );
}
