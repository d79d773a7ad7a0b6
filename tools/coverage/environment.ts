import { TestEnvironment } from "jest-environment-node";

/**
 * Jest's environment of a test under `npm run test:coverage`. The processes that a test starts write V8's coverage into
 * the folder that CHILDREN_COVERAGE names. Jest's own processes must not: they count for themselves, in one go per file.
 */
export default class CoverageEnvironment extends TestEnvironment {
  constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
    process.env.NODE_V8_COVERAGE = process.env.CHILDREN_COVERAGE;
    super(...args);
  }
}
