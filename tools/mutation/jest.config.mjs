import config from "../../jest.config.json" with { type: "json" };

/** The tests that Stryker runs against each mutant: those that hold the lease, the runs and the merge, and take no minutes. */
export default {
  ...config,
  rootDir: "../..",
  testMatch: [
    "<rootDir>/test/unit/{collections,deltas,runs,sweep}/**/*.test.ts",
    "<rootDir>/test/integration/runs/*.test.ts",
    "<rootDir>/test/integration/collections/lease.test.ts",
  ],
};
