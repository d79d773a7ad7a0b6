import config from "./jest.config.json" with { type: "json" };
import { nightlyFiles } from "./test/nightly-files.ts";

/** What `npm test` runs: all tests but those of test/nightly-files.ts. */
const left = Object.keys(nightlyFiles).map((file) => `<rootDir>/${file.replaceAll(".", "\\.")}$`);

export default { ...config, testPathIgnorePatterns: [...config.testPathIgnorePatterns, ...left] };
