import { type EmbeddedText, embedEach, RequestSize } from "./embed-each.ts";
import type { Embedder } from "./embedder.ts";
import { requestsInFlight, tokenBound } from "./limits.ts";

/** A text and, once it is known, what became of it. Equal texts are one slot. */
interface Slot {
  readonly text: string;
  embedded: EmbeddedText | undefined;
  readonly owners: Set<Order>;
}

/** The texts of one caller: they are answered together. */
interface Order {
  readonly slots: readonly Slot[];
  /** Slots that are not known yet. */
  missing: number;
  readonly resolve: (embedded: EmbeddedText[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Gathers the texts of many callers into as few and as full requests as the provider takes, eight in flight.
 * A text is embedded once, however many callers have it. Where the provider refuses a text, that text alone is answered
 * with the refusal. It keeps every vector for later callers, so it lives as long as one batch.
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
  /** Requests sent and distinct texts in them, so far. */
  readonly sent = { requests: 0, texts: 0 };

  /** `tokensPerRequest` at most `requestLimits.tokens`, less where the account's rate is lower. */
  constructor(options: {
    readonly embedder: Embedder;
    readonly tokensPerRequest: number;
    /** @default as many inputs as OpenAI takes */
    readonly requestSize?: RequestSize;
  }) {
    this.#embedder = this.#counted(options.embedder);
    this.#tokensPerRequest = options.tokensPerRequest;
    this.#size = options.requestSize ?? new RequestSize();
  }

  /**
   * What became of each text, in the order of the texts, once their requests were answered. Rejects with the
   * embedder's failure where that is no text's own. Call `flush` after the last caller.
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
