/** The share of the memory limit above which a process takes no further jobs, and below which it takes jobs again. */
const pausedAbove = 0.9;
const resumedBelow = 0.8;
/** The number of idle checks after which high memory is a leak rather than uncollected garbage. */
const maxIdleLooks = 3;

export interface MemoryGuardDeps {
  readonly limitBytes: number;
  /** Resident bytes of the process. */
  usedBytes(): number;
  /** The number of jobs in progress. */
  busy(): number;
  pause(): void;
  resume(): void;
  /** Ends the process in an orderly way; the platform starts another. */
  replace(): void;
}

/**
 * Keeps a worker below its memory limit, because a killed process loses the work of its chunks. Replaces a paused
 * process whose memory does not shrink without a job, whatever leaked.
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

  /** Called every few seconds. */
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
