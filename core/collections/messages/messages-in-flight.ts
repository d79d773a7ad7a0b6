import type { QueuedMessage } from "./collection-queue.ts";

/** The messages of a cycle. At its end, open ones return to the queue and finished ones do not. */
export class MessagesInFlight {
  readonly #open: Set<QueuedMessage>;
  readonly #done: QueuedMessage[] = [];
  readonly #heldBack = new Set<QueuedMessage>();

  constructor(delivered: readonly QueuedMessage[]) {
    this.#open = new Set(delivered);
  }

  take(drained: readonly QueuedMessage[]): void {
    for (const message of drained) this.#open.add(message);
  }

  finish(messages: readonly QueuedMessage[]): void {
    for (const message of messages) if (this.#open.delete(message)) this.#done.push(message);
  }

  /** Held-back messages stay open and are redelivered until there is room for their documents. */
  holdBack(messages: readonly QueuedMessage[]): void {
    for (const message of messages) this.#heldBack.add(message);
  }

  isHeldBack(message: QueuedMessage): boolean {
    return this.#heldBack.has(message);
  }

  open(): QueuedMessage[] {
    return [...this.#open];
  }

  isOpen(message: QueuedMessage): boolean {
    return this.#open.has(message);
  }

  done(): number {
    return this.#done.length;
  }

  /** Finished messages that compaction received itself, and therefore must delete. */
  doneAndDrained(): QueuedMessage[] {
    return this.#done.filter(({ delivered }) => !delivered);
  }
}
