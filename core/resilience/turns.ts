import { setImmediate as nextTurn } from "node:timers/promises";

const turnMs = 4;

/** Long work in one thread, in turns of some milliseconds, so that requests are answered between them. */
export class Turns {
  #began = performance.now();

  /** `if (turns.isOver) await turns.next()`, after each piece of the work. */
  get isOver(): boolean {
    return performance.now() - this.#began >= turnMs;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#began = performance.now();
  }
}
