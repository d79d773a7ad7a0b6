import { localConfiguration } from "../../local/configuration.ts";
import { deploy } from "../../local/deploy.ts";
import { startLocalAws } from "../../local/local-aws.ts";
import type { MetricId } from "../../local/services/cloudwatch/metric.ts";

/** What a test asks for, over IPC. */
export type StackRequest = { readonly id: number } & (
  | { readonly ask: "advance"; readonly seconds: number }
  | { readonly ask: "record"; readonly metrics: readonly MetricId[]; readonly value: number }
  | { readonly ask: "mappings" | "stop" }
);

/**
 * The whole program of infra/ in a local AWS in which nothing runs: nothing is polled and no schedule fires, so that only
 * the test feeds its metrics. Arguments: the state folder, and the configuration as JSON. Sends its URL and outputs.
 */
const [, , stateFolder = "", config = "{}"] = process.argv;
const aws = await startLocalAws(0, stateFolder);
const names = [
  "embedding:apiKey",
  "query:apiKey",
  "catchup:apiKey",
  "catchup:pineconeApiKey",
  "catchup:metabaseApiKey",
  "bulk:apiKey",
  "images:anthropicApiKey",
  "images:openAiApiKey",
  "images:voyageApiKey",
];
const secrets = Object.fromEntries(names.map((name) => [name, "made-up-for-a-test-of-the-alarms"]));
Object.assign(secrets, { "bulk:redisUrl": "redis://127.0.0.1:6379" });
// The image flow is left out unless it is asked for: deploying it runs its migration, which takes its time.
const plain = { ...(await localConfiguration()), "images:enabled": "false", ...JSON.parse(config) };

async function answer(request: StackRequest): Promise<unknown> {
  switch (request.ask) {
    case "advance":
      return aws.cloudWatch.advance(request.seconds * 1000);
    case "record":
      for (const metric of request.metrics) aws.cloudWatch.record(metric, request.value);
      return undefined;
    case "mappings":
      return aws.deployment.mappings.all().map(({ definition }) => definition);
    case "stop":
      return aws.stop();
  }
}

process.on("message", (request: StackRequest) => {
  const reply = (outcome: object) => process.connected && process.send?.({ id: request.id, ...outcome });
  answer(request)
    .then(
      (value) => reply({ value }),
      (error: Error) => reply({ error: error.message }),
    )
    .finally(() => request.ask === "stop" && process.disconnect());
});

try {
  process.send?.({ url: aws.url, outputs: await deploy({ plain, secrets }, aws.deployment) });
} catch (error) {
  process.send?.({ error: (error as Error).message });
  await aws.stop();
  process.disconnect();
}
