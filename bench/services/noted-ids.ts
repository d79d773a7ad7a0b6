export interface Stored {
  /** Different ids. */
  readonly ids: number;
  /** Vectors that were written, each writing of one. */
  readonly writes: number;
}

const quote = Buffer.from('"');

/** Which ids came in bodies of upserts. It looks for them instead of parsing: a sink shall cost next to nothing. */
export class NotedIds {
  readonly #before: Buffer;
  readonly #ids = new Set<string>();
  #writes = 0;

  /** `field` is the one that holds a vector's id. */
  constructor(field: "id" | "key") {
    this.#before = Buffer.from(`"${field}":"bench.`);
  }

  get stored(): Stored {
    return { ids: this.#ids.size, writes: this.#writes };
  }

  /** Returns how many there are. */
  note(body: Buffer): number {
    let found = 0;
    for (let at = body.indexOf(this.#before); at >= 0; at = body.indexOf(this.#before, at)) {
      const start = at + this.#before.length;
      at = body.indexOf(quote, start);
      this.#ids.add(body.toString("latin1", start, at));
      found += 1;
    }
    this.#writes += found;
    return found;
  }

  forget(): void {
    this.#ids.clear();
    this.#writes = 0;
  }
}
