import { AsyncLocalStorage } from "node:async_hooks";

/** Work whose errors must not end the process, wherever they are thrown. */
interface Fenced {
  readonly what: string;
  fail(error: unknown): void;
}

const current = new AsyncLocalStorage<Fenced>();
let holders = 0;

/**
 * While it is held, an uncaught error ends the work that caused it rather than the process, because emulators throw in
 * callbacks and timers that no `try` covers. An error outside of any fenced work still ends the process.
 */
export function holdFence(): () => void {
  holders += 1;
  if (holders === 1) process.on("uncaughtException", onUncaught);
  return () => {
    holders -= 1;
    if (holders === 0) process.off("uncaughtException", onUncaught);
  };
}

/** Does the work, and rejects too when a callback or timer that it left behind throws before it is done. */
export function fenced<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    current.run({ what, fail: reject }, () => {
      new Promise<Result>((settle) => settle(work())).then(resolve, reject);
    });
  });
}

/** Starts detached work; errors of its callbacks and timers are reported. */
export function fencedInBackground<Result>(
  what: string,
  report: (problem: string) => void,
  start: () => Result,
): Result {
  return current.run({ what, fail: (error) => report(`${what}: ${reasonOf(error)}`) }, start);
}

function onUncaught(error: unknown): void {
  const from = current.getStore();
  if (from === undefined) {
    console.error(error);
    process.exit(1);
  }
  console.error(`The local AWS caught an error of ${from.what} that nothing else caught.`, error);
  from.fail(error);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
