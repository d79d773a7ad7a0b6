import type { Embedder, VectorBytes } from "./embedder.ts";
import { EmbeddingRefused } from "./embedding-failures.ts";
import { requestLimits, requestsInFlight, tokenBound } from "./limits.ts";

/** A text and, once it is there, its vector. Equal texts are one slot. */
interface Slot {
  readonly text: string;
  vector: VectorBytes | undefined;
  readonly owners: Set<Order>;
}

/** The texts of one caller: they are answered together or fail together. */
interface Order {
  readonly slots: readonly Slot[];
  /** Slots without a vector yet. */
  missing: number;
  readonly resolve: (vectors: VectorBytes[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Gathers the texts of many callers into as few and as full requests as the provider takes, eight in flight.
 * A text is embedded once, however many callers have it. If a request of several callers is refused, each
 * caller's part is sent alone, so that only the caller of the refused text fails. It keeps every vector for
 * later callers, so it lives as long as one batch.
 */
export class SharedRequests {
  readonly #embedder: Embedder;
  readonly #tokensPerRequest: number;
  readonly #slots = new Map<string, Slot>();
  #gathering: Slot[] = [];
  #gatheredTokens = 0;
  readonly #full: Slot[][] = [];
  #inFlight = 0;
  /** Requests sent and distinct texts in them, so far. */
  readonly sent = { requests: 0, texts: 0 };

  /** `tokensPerRequest` at most `requestLimits.tokens`, less where the account's rate is lower. */
  constructor(options: { readonly embedder: Embedder; readonly tokensPerRequest: number }) {
    this.#embedder = options.embedder;
    this.#tokensPerRequest = options.tokensPerRequest;
  }

  /**
   * One vector a text, in the order of the texts, once their requests were answered. Rejects with the
   * embedder's failure when any of them could not be embedded. Call `flush` after the last caller.
   */
  embed(texts: readonly string[]): Promise<VectorBytes[]> {
    const { promise, resolve, reject } = Promise.withResolvers<VectorBytes[]>();
    const slots = texts.map((text) => this.#slot(text));
    const order: Order = { slots, missing: 0, resolve, reject };
    for (const slot of slots) {
      if (slot.vector || slot.owners.has(order)) continue;
      slot.owners.add(order);
      order.missing += 1;
    }
    if (order.missing === 0) answer(order);
    return promise;
  }

  /** Sends what has been gathered although it does not fill a request. */
  flush(): void {
    if (this.#gathering.length === 0) return;
    this.#full.push(this.#gathering);
    this.#gathering = [];
    this.#gatheredTokens = 0;
    this.#sendNext();
  }

  #slot(text: string): Slot {
    const known = this.#slots.get(text);
    if (known) return known;
    const slot: Slot = { text, vector: undefined, owners: new Set() };
    const tokens = tokenBound(text);
    if (
      this.#gathering.length === requestLimits.inputs ||
      this.#gatheredTokens + tokens > this.#tokensPerRequest
    ) {
      this.flush();
    }
    this.#slots.set(text, slot);
    this.#gathering.push(slot);
    this.#gatheredTokens += tokens;
    return slot;
  }

  #sendNext(): void {
    while (this.#inFlight < requestsInFlight) {
      const request = this.#full.shift();
      if (!request) return;
      this.#inFlight += 1;
      void this.#answer(request).finally(() => {
        this.#inFlight -= 1;
        this.#sendNext();
      });
    }
  }

  async #answer(request: readonly Slot[]): Promise<void> {
    try {
      await this.#send(request);
    } catch (error) {
      const owners = new Set(request.flatMap((slot) => [...slot.owners]));
      for (const slot of request) this.#slots.delete(slot.text);
      if (error instanceof EmbeddingRefused && owners.size > 1) await this.#sendApart(request, owners);
      else for (const order of owners) order.reject(error);
    }
  }

  /** One request for each owner; texts that two owners share are sent for both. */
  async #sendApart(request: readonly Slot[], owners: ReadonlySet<Order>): Promise<void> {
    for (const order of owners) {
      const own = request.filter((slot) => slot.owners.has(order) && !slot.vector);
      await this.#send(own).catch((error) => order.reject(error));
    }
  }

  async #send(slots: readonly Slot[]): Promise<void> {
    if (slots.length === 0) return;
    this.sent.requests += 1;
    this.sent.texts += slots.length;
    const vectors = await this.#embedder.embed(slots.map((slot) => slot.text));
    slots.forEach((slot, index) => {
      slot.vector = vectors[index];
      for (const order of slot.owners) {
        order.missing -= 1;
        if (order.missing === 0) answer(order);
      }
      slot.owners.clear();
    });
  }
}

function answer(order: Order): void {
  order.resolve(order.slots.flatMap(({ vector }) => vector ?? []));
}
