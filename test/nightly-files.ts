/**
 * Test files that `npm test` leaves to the nightly lane, each with the smaller siblings that stay in `npm test`. What belongs
 * here is long and repeats through a whole stack, or with more faults, what its siblings hold; or it holds a part of the local
 * AWS that only a change of `local/` can break and that the siblings use.
 */
export const nightlyFiles: Readonly<Record<string, readonly string[]>> = {
  "test/conformance/api-authorization.test.ts": ["test/flows/search-functions.test.ts"],
  "test/conformance/api-gateway.test.ts": [
    "test/flows/catch-up.test.ts",
    "test/conformance/api-limits.test.ts",
  ],
  "test/conformance/cloudwatch.test.ts": ["test/flows/verify.test.ts", "test/infra/alarms.test.ts"],
  "test/conformance/doctor.test.ts": ["test/unit/doctor/checks.test.ts"],
  "test/conformance/dynamodb-tables.test.ts": ["test/conformance/dynamodb.test.ts"],
  "test/conformance/ecs.test.ts": ["test/flows/bulk.test.ts"],
  "test/conformance/efs.test.ts": ["test/integration/sweep/gauge-file-system.test.ts"],
  "test/conformance/embeddings.test.ts": ["test/flows/pipeline.test.ts"],
  "test/conformance/events.test.ts": ["test/flows/images.test.ts"],
  "test/conformance/every-alarm.test.ts": ["test/infra/alarms.test.ts"],
  "test/conformance/front-in-thread.test.ts": ["test/conformance/s3.test.ts"],
  "test/conformance/local-stack.test.ts": ["test/flows/start.test.ts"],
  "test/conformance/logs.test.ts": ["test/flows/changes.test.ts"],
  "test/conformance/metabase.test.ts": ["test/integration/catchup/metabase.test.ts"],
  "test/conformance/monitor.test.ts": ["test/flows/start.test.ts"],
  "test/conformance/pinecone.test.ts": ["test/flows/catch-up.test.ts"],
  "test/conformance/providers.test.ts": ["test/flows/start.test.ts"],
  "test/conformance/rds-data.test.ts": ["test/flows/images.test.ts"],
  "test/conformance/schedules.test.ts": ["test/flows/verify.test.ts"],
  "test/conformance/secrets-manager.test.ts": ["test/flows/start.test.ts"],
  "test/conformance/step-functions-map.test.ts": [
    "test/conformance/step-functions.test.ts",
    "test/flows/catch-up.test.ts",
  ],
  "test/conformance/vision.test.ts": ["test/integration/images/vision.test.ts"],
  "test/conformance/voyage.test.ts": ["test/flows/images.test.ts"],
  "test/faults/bad-deltas.test.ts": ["test/integration/collections/isolation.test.ts"],
  "test/faults/catch-up-limiter.test.ts": ["test/integration/resilience/dynamo-rate-limiter.test.ts"],
  "test/faults/catch-up-watch.test.ts": ["test/integration/catchup/watch-tasks.test.ts"],
  "test/faults/catch-up.test.ts": [
    "test/flows/catch-up.test.ts",
    "test/integration/catchup/run-task.test.ts",
    "test/integration/catchup/settle-task.test.ts",
  ],
  "test/faults/chroma.test.ts": ["test/integration/collections/isolation.test.ts"],
  "test/faults/embeddings.test.ts": ["test/integration/embedding/openai-embedder.test.ts"],
  "test/faults/full-disk.test.ts": ["test/integration/collections/fold/fold.test.ts"],
  "test/faults/images.test.ts": [
    "test/flows/images.test.ts",
    "test/integration/images/analyze.test.ts",
    "test/integration/images/embed.test.ts",
    "test/integration/images/process.test.ts",
  ],
  "test/faults/killed-at-start.test.ts": ["test/faults/killed.test.ts"],
  "test/faults/paused.test.ts": [
    "test/faults/lease/stress.test.ts",
    "test/integration/collections/lease.test.ts",
  ],
  "test/faults/throttled.test.ts": [
    "test/faults/deliveries.test.ts",
    "test/integration/collections/cycle.test.ts",
  ],
  "test/flows/bench-catchup.test.ts": ["test/unit/bench/catchup.test.ts"],
  "test/flows/bench-compaction.test.ts": ["test/unit/bench/compaction.test.ts"],
  "test/flows/catch-up-signed.test.ts": [
    "test/flows/search-functions.test.ts",
    "test/infra/catch-up-authorization.test.ts",
    "test/infra/catch-up-vpc.test.ts",
  ],
  "test/flows/compaction-worker.test.ts": ["test/integration/collections/compaction-worker.test.ts"],
  "test/flows/lost-file-system.test.ts": ["test/integration/collections/rebuild.test.ts"],
  "test/flows/merchants.test.ts": ["test/integration/merchants/resolve.test.ts"],
  "test/flows/scanned-receipts.test.ts": ["test/flows/changes.test.ts", "test/cases/receipts.test.ts"],
  "test/flows/shards.test.ts": [
    "test/flows/search-functions.test.ts",
    "test/integration/collections/shards.test.ts",
  ],
  "test/flows/sweep.test.ts": [
    "test/integration/sweep/sweep-open-runs.test.ts",
    "test/integration/sweep/sweep-deltas.test.ts",
    "test/integration/ingest/back-pressure.test.ts",
  ],
  "test/flows/tracing.test.ts": ["test/flows/span-export.test.ts"],
};
