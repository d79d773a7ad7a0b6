import { join } from "node:path";
import { ModelPool } from "../embeddings/model-pool.ts";
import { type EmbeddingsUsage, startEmbeddingsServer } from "../embeddings/server.ts";
import { readQuestions } from "../metabase/question.ts";
import { serveMetabase } from "../metabase/server.ts";
import { startPineconeServer } from "../pinecone/server.ts";
import { readPlaces } from "./places/entries.ts";
import { startPlacesServer } from "./places/server.ts";
import { startVisionServer } from "./vision/server.ts";
import { VisionModel } from "./vision/vision-model.ts";
import { startVoyageServer } from "./voyage/server.ts";

type Configuration = Readonly<Record<string, string>>;

/** Loopback servers in place of providers outside AWS. */
export interface Providers {
  /** The settings that name the servers, with the ports that they took. */
  readonly baseUrls: Readonly<Record<string, string>>;
  /** Undefined if no embeddings server was started. */
  readonly embeddingsUsage: Readonly<EmbeddingsUsage> | undefined;
  close(): Promise<void>;
}

interface Started {
  readonly baseUrl: string;
  readonly usage?: Readonly<EmbeddingsUsage>;
  close(): Promise<void>;
}

/** Models that the servers share, because loading a model takes time and memory. */
interface Models {
  readonly sentences: ModelPool;
  readonly vision: VisionModel;
}

type Start = (port: number, config: Configuration, models: Models) => Promise<Started>;

const placesFile = join(import.meta.dirname, "../../samples/places.json");
const questionsFolder = join(import.meta.dirname, "../../samples/questions");

/** By the setting with the server's base URL. */
const starters: Readonly<Record<string, Start>> = {
  "embedding:baseUrl": (port, _, { sentences }) => startEmbeddingsServer(port, sentences),

  "images:voyageBaseUrl": (port, _, { sentences }) => startVoyageServer(port, sentences),

  "images:anthropicBaseUrl": async (port, _, { vision }) => {
    const { url, close } = await startVisionServer(port, vision);
    return { baseUrl: url, close };
  },

  "images:openAiBaseUrl": async (port, _, { vision }) => {
    const { url, close } = await startVisionServer(port, vision);
    return { baseUrl: `${url}/v1`, close };
  },

  async "merchants:placesBaseUrl"(port) {
    const server = await startPlacesServer(port, await readPlaces(placesFile));
    return { baseUrl: server.url, close: server.close };
  },

  /** The host of an index, as Pinecone's console shows it: its path names the index. */
  async "catchup:pineconeHost"(port, config) {
    const { pathname } = new URL(config["catchup:pineconeHost"] ?? "");
    const dimension = Number(config["embedding:dimensions"]);
    const name = pathname.split("/").at(-1) ?? "";
    // The program itself reports an invalid dimension.
    const indexes = Number.isInteger(dimension) ? [{ name, dimension }] : [];
    const server = await startPineconeServer({ port, indexes });
    return { baseUrl: `${server.url}${pathname}`, close: server.close };
  },

  async "catchup:metabaseUrl"(port) {
    const server = await serveMetabase({ port, questions: await readQuestions(questionsFolder) });
    return { baseUrl: server.url, close: server.close };
  },
};

/**
 * Returns the ports of the servers that the stack must start, by setting: those with the default base URL, or one with
 * port 0, which selects a free one. Any other base URL is an external server, and a disabled flow needs none.
 */
export function ownPorts(config: Configuration, usual: Configuration): Map<string, number> {
  const unused = new Set(["images", "merchants"].filter((flow) => config[`${flow}:enabled`] === "false"));
  const usesPinecone = (config["catchup:sink"] ?? "pinecone") === "pinecone";
  return new Map(
    Object.keys(starters).flatMap((setting) => {
      const baseUrl = config[setting];
      if (baseUrl === undefined || unused.has(setting.split(":")[0] ?? "")) return [];
      if (setting === "catchup:pineconeHost" && !usesPinecone) return [];
      const port = Number(new URL(baseUrl).port);
      return port === 0 || baseUrl === usual[setting] ? [[setting, port] as const] : [];
    }),
  );
}

/** Starts a server for each setting. Nothing is left running when one cannot start. */
export async function startProviders(
  ports: ReadonlyMap<string, number>,
  config: Configuration,
): Promise<Providers> {
  const started = new Map<string, Started>();
  const sentences = new ModelPool(console.warn);
  const vision = new VisionModel(sentences);
  const close = async () => {
    await Promise.all([...started.values()].map((server) => server.close()));
    await vision.close();
    await sentences.close();
  };
  try {
    for (const [setting, port] of ports) {
      const start = starters[setting];
      if (start !== undefined) started.set(setting, await start(port, config, { sentences, vision }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    baseUrls: Object.fromEntries([...started].map(([setting, { baseUrl }]) => [setting, baseUrl])),
    embeddingsUsage: started.get("embedding:baseUrl")?.usage,
    close,
  };
}
