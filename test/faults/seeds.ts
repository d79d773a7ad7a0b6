import { hash, randomInt } from "node:crypto";
import { relative } from "node:path";

/** Whether all faults are tried (`npm run test:faults`); else a few of each kind, the same at every run. */
export const all = process.env.FAULTS === "all";

const quickSeed = 4;
/** `FAULTS_SEED` repeats a run. */
const seed = Number(process.env.FAULTS_SEED ?? (all ? randomInt(1_000_000) : quickSeed));

/** Numbers from 0 up to, not including, 1 that follow from the number (mulberry32). */
export function randomOf(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Decisions that follow from the seed and a name alone. */
export class Random {
  readonly share: () => number;

  constructor(name: string) {
    this.share = randomOf(hash("sha256", `${seed} ${name}`, "buffer").readUInt32BE());
  }

  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number {
    return Math.floor(this.share() * below);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }

  /** `count` of them, in any order. */
  some<T>(of: readonly T[], count: number): T[] {
    const left = [...of];
    return Array.from({ length: Math.min(count, left.length) }, () =>
      left.splice(this.below(left.length), 1),
    ).flat();
  }
}

/** All of the cases, or in `npm test` only `quickly` of them. */
export function chosen<T>(cases: readonly T[], quickly: number): readonly T[] {
  return all ? cases : new Random("chosen").some(cases, quickly);
}

/** All of the cases, or in `npm test` only those named. */
export function everyday<T>(cases: readonly T[], named: readonly NoInfer<T>[]): readonly T[] {
  return all ? cases : named;
}

/** How many cases of a property: `count`, or in `npm test` a third. */
export function sampled(count: number): number {
  return all ? count : Math.ceil(count / 3);
}

/** A test whose decisions follow from the seed and its name. When it fails, it says how to repeat it. */
export function faultTest(name: string, body: (random: Random) => Promise<void>): void {
  test(name, async () => {
    try {
      await body(new Random(name));
    } catch (error) {
      const file = relative(process.cwd(), expect.getState().testPath ?? "");
      const mode = all ? "FAULTS=all " : "";
      if (error instanceof Error) {
        error.message += `\n\nTo repeat it: ${mode}FAULTS_SEED=${seed} npx jest ${file} -t ${JSON.stringify(name)}`;
      }
      throw error;
    }
  });
}
