import { join } from "node:path";
import { TestEnvironment } from "jest-environment-node";
import { keepLastCounts } from "./last-counts.ts";

const key = Symbol.for("vectorkeep.coverage");
const once = process as typeof process & { [key]?: true };

/**
 * Jest's environment of a test under `npm run test:coverage`. The processes that a test starts write V8's coverage into
 * the folder that CHILDREN_COVERAGE names. Jest's own processes must not: they count for themselves, in one go per file.
 */
export default class CoverageEnvironment extends TestEnvironment {
  constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
    process.env.NODE_V8_COVERAGE = process.env.CHILDREN_COVERAGE;
    if (once[key] === undefined) keepLastCounts(join(import.meta.dirname, "preload.ts"));
    once[key] = true;
    super(...args);
  }
}
