/** Imports run one way: infra | functions, containers, cli -> core; local -> infra; core and infra -> contract -> nothing of ours. */
const oursOutsideCore = "^(infra|functions|containers|local|cli|bin|test|bench|tools)/";
/** Schemas of the environments of functions and containers. */
const configOfProcesses = "^((functions|containers)/[^/]+/config|core/.+-config)\\.ts$";

module.exports = {
  forbidden: [
    {
      name: "no-circle",
      comment: "A circle of imports has no room of its own.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-circle-of-folders",
      comment: "A folder is a subject: what two of them need of each other belongs in a third.",
      severity: "error",
      scope: "folder",
      from: { path: "^(contract|infra|functions|containers|local|cli|bench|core)/" },
      to: { circular: true },
    },
    {
      name: "core-imports-nothing-of-ours",
      severity: "error",
      from: { path: "^core/" },
      to: { path: oursOutsideCore },
    },
    {
      name: "contract-imports-nothing-of-ours",
      comment: "It holds what infra and core have to agree on.",
      severity: "error",
      from: { path: "^contract/" },
      to: { path: "^(core|infra|functions|containers|local|cli|test|bench)/" },
    },
    {
      name: "core-knows-no-pulumi-and-no-lambda",
      severity: "error",
      from: { path: "^(contract|core)/" },
      to: { path: "node_modules/(@pulumi|@types/aws-lambda)/" },
    },
    {
      name: "infra-names-functions-by-path-only",
      severity: "error",
      from: { path: "^infra/" },
      to: {
        path: "^(core|functions|containers|local|cli|bin|test|bench|tools)/",
        pathNot: configOfProcesses,
      },
    },
    {
      name: "infra-knows-configurations-by-type-only",
      comment:
        "The compiler compares the environment that infra declares with the schema that the process reads it by.",
      severity: "error",
      from: { path: "^infra/" },
      to: { path: configOfProcesses, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "handlers-import-core-only",
      severity: "error",
      from: { path: "^(functions|containers)/" },
      to: { path: "^(infra|local|cli|bin|test|bench|tools)/" },
    },
    {
      name: "nothing-outside-local-knows-that-it-exists",
      severity: "error",
      from: { path: "^(core|functions|containers|infra|cli)/" },
      to: { path: "^local/" },
    },
    {
      name: "the-product-imports-no-test-no-bench-and-no-tool",
      severity: "error",
      from: { path: "^(core|functions|containers|infra|cli|local)/" },
      to: { path: "^(bin|test|bench|tools)/" },
    },
    {
      name: "subjects-of-core-run-downwards",
      comment:
        "settings < receipts, embedding < entities < documents < deltas, runs < ingest, changes < collections < search, verify, sweep, failed; findable above search and verify; catchup beside them, on embedding and deltas",
      severity: "error",
      from: { path: "^core/(receipts|embedding)/" },
      to: {
        path: "^core/(entities|documents|deltas|runs|ingest|changes|collections|search|verify|sweep|failed|catchup)/",
      },
    },
    {
      name: "entities-use-only-what-is-below",
      severity: "error",
      from: { path: "^core/(entities|documents)/" },
      to: { path: "^core/(deltas|runs|ingest|changes|collections|search|verify|sweep|failed|catchup)/" },
    },
    {
      name: "runs-use-only-what-is-below",
      severity: "error",
      from: { path: "^core/runs/" },
      to: { path: "^core/(ingest|changes|collections|search|verify|sweep|failed|catchup)/" },
    },
    {
      name: "changes-and-ingest-use-only-what-is-below",
      severity: "error",
      from: { path: "^core/(ingest|changes)/" },
      to: { path: "^core/(collections|search|verify|sweep|failed|catchup)/" },
    },
    {
      name: "collections-do-not-know-who-reads-them",
      severity: "error",
      from: { path: "^core/collections/" },
      to: { path: "^core/(search|verify|sweep|failed|catchup)/" },
    },
    {
      name: "search-and-verify-do-not-know-each-other",
      severity: "error",
      from: { path: "^core/(search|verify)/" },
      to: { path: "^core/(search|verify)/", pathNot: "^core/$1/" },
    },
    {
      name: "the-engine-knows-documents-by-their-model-only",
      comment:
        "core/documents binds the engine to its documents. Wiring (host), and failed, which reads messages as operators do, name what they wire and read.",
      severity: "error",
      from: {
        path: "^core/(collections|deltas|failed|findable|runs|search|sweep|verify)/",
        pathNot:
          "^core/(collections/host/|failed/(embed-dead-letters|change-dead-letters|subjects|replay-stream-record)\\.ts)",
      },
      to: { path: "^core/(receipts|entities)/" },
    },
    {
      name: "findable-stands-above-search-and-verify",
      comment: "It asks by the code of search for what verify opens.",
      severity: "error",
      from: { path: "^core/", pathNot: "^core/findable/" },
      to: { path: "^core/findable/" },
    },
    {
      name: "catching-up-stands-beside-the-collections",
      severity: "error",
      from: { path: "^core/catchup/" },
      to: { path: "^core/(receipts|entities|runs|ingest|changes|collections|search|verify|sweep|failed)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(node_modules|\\.build)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { conditionNames: ["import", "require", "node", "default", "types"] },
  },
};
