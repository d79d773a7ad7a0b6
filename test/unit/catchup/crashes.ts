/** The process dies; nobody may take it for a failure of the work. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** Counts the calls to whatever the work depends on, and ends the process at one of them. */
export class Crashes {
  /** Names of the calls so far. */
  readonly calls: string[] = [];
  #at = Number.POSITIVE_INFINITY;
  #when: "before" | "after" = "before";

  /** The call of this number (from 1, from now on) is not made, or its answer is never seen. */
  arm(at: number, when: "before" | "after"): void {
    this.#at = this.calls.length + at;
    this.#when = when;
  }

  disarm(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  async call<Answer>(name: string, work: () => Promise<Answer> | Answer): Promise<Answer> {
    this.calls.push(name);
    const number = this.calls.length;
    if (number >= this.#at && this.#when === "before") throw new Crash(name);
    const answer = await work();
    if (number >= this.#at) throw new Crash(name);
    return answer;
  }
}
