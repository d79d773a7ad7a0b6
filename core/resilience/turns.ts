import { setImmediate as nextTurn } from "node:timers/promises";

const turnMs = 4;

/** Divides long computations into turns of a few milliseconds, so that requests are answered in between. */
export class Turns {
  #began = performance.now();

  /** Call `if (turns.isOver) await turns.next()` after each piece of the work. */
  get isOver(): boolean {
    return performance.now() - this.#began >= turnMs;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#began = performance.now();
  }
}
