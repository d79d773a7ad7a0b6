import { startEmbeddingsServer } from "../../local/embeddings/server.ts";

/** Serves embeddings until the parent disconnects. Sends the base URL when it is up. */
const server = await startEmbeddingsServer(0);
process.once("disconnect", () => void server.close());
process.send?.(server.baseUrl);
