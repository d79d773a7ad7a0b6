import * as z from "zod";
import { IndexNotAllowedError } from "../index-errors.ts";
import { namespaceSlug } from "../namespace-slug.ts";
import type { ChromaRequests } from "./chroma-requests.ts";

const stored = z.object({ id: z.string(), dimension: z.number().nullish() });

export type StoredCollection = z.infer<typeof stored>;

/** The collections in a database of Chroma, one per namespace. Their ids are looked up once. */
export class Collections {
  readonly #requests: ChromaRequests;
  readonly #ids = new Map<string, Promise<string>>();

  constructor(requests: ChromaRequests) {
    this.#requests = requests;
  }

  /** Creates the collection with its first vector. Concurrent calls create only one. */
  idFor(namespace: string): Promise<string> {
    return this.#remembered(namespace, async () => {
      const answer = await this.#requests.post("/collections", {
        name: namespaceSlug(namespace),
        get_or_create: true,
        metadata: { namespace },
        configuration: { hnsw: { space: "cosine" } },
      });
      if (answer.status >= 400) await this.requireDatabase();
      return this.#requests.read(stored, answer).id;
    });
  }

  /** Undefined if the namespace has no vectors yet. */
  async find(namespace: string): Promise<StoredCollection | undefined> {
    const answer = await this.#requests.get(`/collections/${namespaceSlug(namespace)}`);
    return answer.status === 404 ? undefined : this.#requests.read(stored, answer);
  }

  /** Throws IndexNotAllowedError if there is no such database. */
  async requireDatabase(): Promise<void> {
    const answer = await this.#requests.get("");
    if (answer.status === 404) throw new IndexNotAllowedError("chroma", "there is no such database");
    this.#requests.accepted(answer);
  }

  #remembered(namespace: string, look: () => Promise<string>): Promise<string> {
    const known = this.#ids.get(namespace);
    if (known !== undefined) return known;
    const found = look();
    this.#ids.set(namespace, found);
    found.catch(() => this.#ids.delete(namespace));
    return found;
  }
}
