import type { Neighbour, NeighbourQuery } from "../../../core/collections/chroma/vector-store.ts";
import type {
  GenerationSource,
  OpenGeneration,
  PublishedGeneration,
} from "../../../core/search/generation-source.ts";

/** A generation whose every step the test sees and holds back. */
export class ScriptedGeneration implements OpenGeneration {
  readonly number: number;
  readonly name: string;
  readonly count = 7;
  readonly snapshot = undefined;
  closed = false;
  running = true;
  readonly queries: NeighbourQuery[] = [];
  neighbours: readonly Neighbour[] = [];

  constructor({ number, name }: PublishedGeneration) {
    this.number = number;
    this.name = name;
  }

  async query(query: NeighbourQuery): Promise<readonly Neighbour[]> {
    if (this.closed) throw new RangeError("queried after it was closed");
    this.queries.push(query);
    return this.neighbours;
  }

  alive(): boolean {
    return this.running;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

export class ScriptedSource implements GenerationSource {
  published: PublishedGeneration | undefined;
  readonly corrupt = new Set<string>();
  unreachable = false;
  readonly opened: ScriptedGeneration[] = [];
  openings = 0;

  publish(number: number): PublishedGeneration {
    this.published = { number, name: `${String(number).padStart(8, "0")}-1` };
    return this.published;
  }

  async head(): Promise<PublishedGeneration | undefined> {
    if (this.unreachable) throw new RangeError("the control table does not answer");
    return this.published;
  }

  async open(published: PublishedGeneration): Promise<OpenGeneration> {
    this.openings += 1;
    if (this.corrupt.has(published.name)) throw new RangeError("manifest mismatch in chroma.sqlite3");
    const generation = new ScriptedGeneration(published);
    this.opened.push(generation);
    return generation;
  }
}
