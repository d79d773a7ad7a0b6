import type { Contender } from "./contender.ts";

const inputsPerRequest = 2_048;
const requestsInFlight = 8;
const vectorsPerUpsert = 4_500;

interface EmbeddingsAnswer {
  readonly data: readonly { readonly embedding: string }[];
}

/** The limit: full requests, full upserts, base64 passed through as it came, and nothing else. */
export const bare: Contender = {
  async prepare({ embeddingsUrl, model, dimensions, sinkUrl, collection }, records) {
    const database = `${sinkUrl}/api/v2/tenants/default_tenant/databases/default_database`;
    const found = (await (await fetch(`${database}/collections/${collection}`)).json()) as { id: string };

    async function embed(from: number): Promise<string[]> {
      const input = records.slice(from, from + inputsPerRequest).map(({ text }) => text);
      const answer = await post(`${embeddingsUrl}/embeddings`, {
        model,
        dimensions,
        input,
        encoding_format: "base64",
      });
      return ((await answer.json()) as EmbeddingsAnswer).data.map(({ embedding }) => embedding);
    }

    return async () => {
      const batches = inFlight(requestsInFlight, Math.ceil(records.length / inputsPerRequest), (batch) =>
        embed(batch * inputsPerRequest),
      );
      let embedded: string[] = [];
      let next = 0;
      for (let start = 0; start < records.length; start += vectorsPerUpsert) {
        const slice = records.slice(start, start + vectorsPerUpsert);
        while (embedded.length < slice.length) {
          embedded = embedded.concat((await batches[next]) ?? []);
          next += 1;
        }
        await post(`${database}/collections/${found.id}/upsert`, {
          ids: slice.map(({ id }) => id),
          embeddings: embedded.slice(0, slice.length),
          documents: slice.map(({ text }) => text),
          metadatas: slice.map(({ metadata }) => metadata),
        });
        embedded = embedded.slice(slice.length);
      }
    };
  },
};

async function post(url: string, body: unknown): Promise<Response> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${await response.text()}`);
  return response;
}

/** Starts `count` tasks in order, at most `width` at a time. */
function inFlight<T>(width: number, count: number, task: (index: number) => Promise<T>): Promise<T>[] {
  const started: Promise<T>[] = [];
  for (let index = 0; index < count; index += 1) {
    const before = started[index - width];
    started.push(before === undefined ? task(index) : before.then(() => task(index)));
  }
  return started;
}
