/** Share of the memory limit above which a process takes no further job, and below which it takes jobs again. */
const pausedAbove = 0.9;
const resumedBelow = 0.8;
/** Looks, without a job, after which the memory is not garbage that is still to be collected. */
const maxIdleLooks = 3;

export interface MemoryGuardDeps {
  readonly limitBytes: number;
  /** Resident bytes of the process. */
  usedBytes(): number;
  /** Jobs that it works on now. */
  busy(): number;
  pause(): void;
  resume(): void;
  /** Ends the process in an orderly way; the platform starts another. */
  replace(): void;
}

/**
 * Keeps a worker below its memory limit: a process that is killed for it loses its chunks' work. A process that is paused and
 * does not get smaller without a job is replaced, whatever leaked.
 */
export class MemoryGuard {
  readonly #deps: MemoryGuardDeps;
  #isPaused = false;
  #idleLooks = 0;

  constructor(deps: MemoryGuardDeps) {
    this.#deps = deps;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** To be called every few seconds. */
  look(): void {
    const { limitBytes, usedBytes, busy, pause, resume, replace } = this.#deps;
    const share = usedBytes() / limitBytes;
    if (!this.#isPaused && share > pausedAbove) {
      this.#isPaused = true;
      this.#idleLooks = 0;
      pause();
    } else if (this.#isPaused && share < resumedBelow) {
      this.#isPaused = false;
      resume();
    } else if (this.#isPaused) {
      this.#idleLooks = busy() === 0 ? this.#idleLooks + 1 : 0;
      if (this.#idleLooks === maxIdleLooks) replace();
    }
  }
}
