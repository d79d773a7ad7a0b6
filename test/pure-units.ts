// Tests in test/unit compute: one that starts a process or listens fails, so that the lane stays fast. What needs a server
// belongs into test/integration.
import * as childProcess from "node:child_process";
import { Server } from "node:net";

interface State {
  /** Path of the test file that runs in this process, where it must be pure. */
  pureTest: string | undefined;
}

const key = Symbol.for("vectorkeep.pure-units");
// Modules of Node are shared by all test files of a process; globals are not.
const shared = Server as unknown as Record<symbol, State | undefined>;
const isGuarded = shared[key] !== undefined;
shared[key] ??= { pureTest: undefined };
const state = shared[key];
const { testPath = "" } = expect.getState();
state.pureTest = /\/test\/unit\//.test(testPath) ? testPath : undefined;

if (!isGuarded) {
  guard(Server.prototype, "listen");
  guard(childProcess.ChildProcess.prototype, "spawn");
}

function guard(prototype: object, method: string): void {
  const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
  const original = methods[method];
  if (original === undefined) throw new RangeError(`There is no method ${method}.`);
  methods[method] = function guarded(this: unknown, ...args: unknown[]) {
    if (state.pureTest !== undefined) {
      throw new Error(
        `${state.pureTest} starts a server or process (${method}): move it to test/integration.`,
      );
    }
    return original.apply(this, args);
  };
}
