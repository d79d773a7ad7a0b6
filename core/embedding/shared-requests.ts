import { type EmbeddedText, embedEach, RequestSize } from "./embed-each.ts";
import type { Embedder } from "./embedder.ts";
import { requestsInFlight, tokenBound } from "./limits.ts";

/** A text and, once known, its result. Equal texts share a slot. */
interface Slot {
  readonly text: string;
  embedded: EmbeddedText | undefined;
  readonly owners: Set<Order>;
}

/** The texts of one caller, which are resolved together. */
interface Order {
  readonly slots: readonly Slot[];
  /** Slots without a result. */
  missing: number;
  readonly resolve: (embedded: EmbeddedText[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Batches the texts of many callers into few, full requests, eight in flight. Equal texts are embedded once. If the
 * provider refuses a text, only that text resolves to the refusal. It keeps every vector for later callers, so use one
 * instance per batch.
 */
export class SharedRequests {
  readonly #embedder: Embedder;
  readonly #tokensPerRequest: number;
  readonly #size: RequestSize;
  readonly #slots = new Map<string, Slot>();
  #gathering: Slot[] = [];
  #gatheredTokens = 0;
  readonly #full: Slot[][] = [];
  #inFlight = 0;
  /** Number of requests sent so far, and of distinct texts in them. */
  readonly sent = { requests: 0, texts: 0 };

  /** `tokensPerRequest` is at most `requestLimits.tokens`; less if the account's rate is lower. */
  constructor(options: {
    readonly embedder: Embedder;
    readonly tokensPerRequest: number;
    /** @default OpenAI's maximum number of inputs */
    readonly requestSize?: RequestSize;
  }) {
    this.#embedder = this.#counted(options.embedder);
    this.#tokensPerRequest = options.tokensPerRequest;
    this.#size = options.requestSize ?? new RequestSize();
  }

  /**
   * Resolves to the result of each text, in order, once their requests are done. Rejects with the embedder's error if
   * no single text is to blame. Call `flush` after the last caller.
   */
  embed(texts: readonly string[]): Promise<EmbeddedText[]> {
    const { promise, resolve, reject } = Promise.withResolvers<EmbeddedText[]>();
    const slots = texts.map((text) => this.#slot(text));
    const order: Order = { slots, missing: 0, resolve, reject };
    for (const slot of slots) {
      if (slot.embedded || slot.owners.has(order)) continue;
      slot.owners.add(order);
      order.missing += 1;
    }
    if (order.missing === 0) answer(order);
    return promise;
  }

  /** Sends the last, partial request. */
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
    const slot: Slot = { text, embedded: undefined, owners: new Set() };
    const tokens = tokenBound(text);
    if (
      this.#gathering.length >= this.#size.inputs ||
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
      const texts = request.map((slot) => slot.text);
      const embedded = await embedEach(texts, this.#embedder, this.#size);
      request.forEach((slot, index) => {
        settle(slot, embedded[index]);
      });
    } catch (error) {
      const owners = new Set(request.flatMap((slot) => [...slot.owners]));
      for (const slot of request) this.#slots.delete(slot.text);
      for (const order of owners) order.reject(error);
    }
  }

  #counted(embedder: Embedder): Embedder {
    return {
      model: embedder.model,
      dimensions: embedder.dimensions,
      embed: (texts) => {
        this.sent.requests += 1;
        this.sent.texts += texts.length;
        return embedder.embed(texts);
      },
    };
  }
}

function settle(slot: Slot, embedded: EmbeddedText | undefined): void {
  slot.embedded = embedded;
  for (const order of slot.owners) {
    order.missing -= 1;
    if (order.missing === 0) answer(order);
  }
  slot.owners.clear();
}

function answer(order: Order): void {
  order.resolve(order.slots.flatMap(({ embedded }) => embedded ?? []));
}
