import { isRange } from "../components/address-ranges.ts";
import type { Settings } from "../config.ts";
import type { Rule } from "./read-all.ts";

/** Constraints that span several settings. */
export const rules: readonly Rule<Settings>[] = [
  {
    keys: ["embedding:baseUrl"],
    broken: ({ embedding: { baseUrl } }) => !baseUrl.startsWith("https:") && !isLoopback(baseUrl),
    problem: "embedding:baseUrl must be https, because the API key travels with every request",
  },
  {
    keys: ["network:cidr"],
    broken: ({ network: { cidr } }) => !isRange(cidr),
    problem: "network:cidr must begin at the first address of its range, as 10.87.0.0/16",
  },
  {
    keys: ["network:vpcId", "network:subnetIds"],
    broken: ({ network: { vpcId, subnetIds } }) => (vpcId === undefined) !== (subnetIds.length === 0),
    problem: "network:vpcId and network:subnetIds go together: set both or neither",
  },
  {
    keys: ["network:subnetIds"],
    broken: ({ network: { subnetIds } }) =>
      new Set(subnetIds).size !== subnetIds.length || subnetIds.length === 1,
    problem: "network:subnetIds must name two or more different subnets",
  },
  {
    keys: ["network:zones"],
    broken: ({ network: { zones } }) => zones.length > 0 && new Set(zones).size !== 2,
    problem: "network:zones must name two different availability zones, each once",
  },
  {
    keys: ["network:zones", "network:vpcId"],
    broken: ({ network: { zones, vpcId } }) => zones.length > 0 && vpcId !== undefined,
    problem: "network:zones is for a VPC of the stack's own: remove it, or network:vpcId",
  },
  {
    keys: ["query:enabled", "query:apiKey"],
    broken: ({ query: { enabled, apiKey } }) => enabled && apiKey === undefined,
    problem:
      "query:apiKey is missing, and query:enabled is true: run `pulumi config set --secret query:apiKey`",
  },
  {
    keys: ["catchup:enabled", "catchup:apiKey"],
    broken: ({ catchup }) => catchup.enabled && catchup.apiKey === undefined,
    problem:
      "catchup:apiKey is missing, and catchup:enabled is true: run `pulumi config set --secret catchup:apiKey`",
  },
  sinkNeeds("pinecone", "pineconeApiKey", "--secret "),
  sinkNeeds("pinecone", "pineconeHost"),
  sinkNeeds("chroma", "chromaUrl"),
  {
    keys: ["catchup:models", "embedding:model"],
    broken: ({ catchup: { models }, embedding: { model } }) => {
      const names = [model, ...models.map((one) => one.split("=")[0])];
      return new Set(names).size < names.length;
    },
    problem:
      "catchup:models must name each model once, and not embedding:model, which requests may name anyway",
  },
  {
    keys: ["catchup:metabaseUrl", "catchup:metabaseApiKey"],
    broken: ({ catchup: { metabaseUrl, metabaseApiKey } }) =>
      (metabaseUrl === undefined) !== (metabaseApiKey === undefined),
    problem: "catchup:metabaseUrl and catchup:metabaseApiKey go together: set both or neither",
  },
  {
    keys: ["catchup:pineconeHost", "catchup:chromaUrl", "catchup:metabaseUrl"],
    broken: ({ catchup: { pineconeHost, chromaUrl, metabaseUrl } }) =>
      [pineconeHost, chromaUrl, metabaseUrl].some(
        (address) => address !== undefined && !address.startsWith("https:") && !isLoopback(address),
      ),
    problem:
      "catchup:pineconeHost, catchup:chromaUrl and catchup:metabaseUrl must be https, because an API key travels with every request",
  },
  {
    keys: ["catchup:inVpc", "network:vpcId"],
    broken: ({ catchup: { inVpc }, network: { vpcId } }) => inVpc && vpcId === undefined,
    problem:
      "catchup:inVpc requires network:vpcId: the stack's own VPC has no NAT gateway, and the function calls OpenAI and the sink too. Set network:vpcId and network:subnetIds to private subnets that reach the internet and Metabase, or remove catchup:inVpc",
  },
  {
    keys: ["catchup:inVpc", "catchup:metabaseUrl"],
    broken: ({ catchup: { inVpc, metabaseUrl } }) => inVpc && metabaseUrl === undefined,
    problem: "catchup:inVpc is for a private Metabase: set catchup:metabaseUrl too, or remove catchup:inVpc",
  },
  {
    keys: ["catchup:accessLogRole", "catchup:accessLog"],
    broken: ({ catchup: { accessLogRole, accessLog } }) => accessLogRole && !accessLog,
    problem:
      "catchup:accessLogRole is for catchup:accessLog: set catchup:accessLog to true too, or remove it",
  },
  {
    keys: ["query:authorization", "query:host"],
    broken: ({ query: { authorization, host } }) => authorization === "key-and-iam" && host === "ecs",
    problem:
      "query:authorization key-and-iam needs query:host lambda: API Gateway checks signatures, and the query server is behind none",
  },
  {
    keys: ["query:backend", "collections:mirror"],
    broken: ({ query: { backend }, collections: { mirror } }) => backend === "s3vectors" && mirror === "none",
    problem: "query:backend s3vectors needs collections:mirror s3vectors: there is nothing else to search",
  },
  {
    keys: ["query:backend", "query:host"],
    broken: ({ query: { backend, host } }) => backend === "s3vectors" && host === "ecs",
    problem: "query:backend s3vectors needs query:host lambda: the query server answers from memory",
  },
  {
    keys: ["merchants:enabled", "query:backend"],
    broken: ({ merchants: { enabled }, query }) => enabled && query.enabled && query.backend === "s3vectors",
    problem:
      "merchants:enabled needs query:backend snapshot: similar receipts are found by their letters, which the mirror does not have",
  },
  {
    keys: ["catchup:allowedAccounts", "catchup:authorization"],
    broken: ({ catchup: { allowedAccounts, authorization } }) =>
      allowedAccounts.length > 0 && authorization === "key",
    problem:
      "catchup:allowedAccounts needs catchup:authorization key-and-iam: without a signature nobody knows a caller's account",
  },
  {
    keys: ["images:enabled", "images:voyageApiKey"],
    broken: ({ images: { enabled, voyageApiKey } }) => enabled && voyageApiKey === undefined,
    problem:
      "images:voyageApiKey is missing, and images:enabled is true: run `pulumi config set --secret images:voyageApiKey`",
  },
  ...(["anthropic", "openai"] as const).map((provider): Rule<Settings> => {
    const key = provider === "anthropic" ? "anthropicApiKey" : "openAiApiKey";
    return {
      keys: ["images:enabled", "images:provider", "images:fallbackProvider", `images:${key}`],
      broken: ({ images }) =>
        images.enabled &&
        [images.provider, images.fallbackProvider].includes(provider) &&
        images[key] === undefined,
      problem: `images:${key} is missing, and ${provider} is a provider of the image flow: run \`pulumi config set --secret images:${key}\``,
    };
  }),
  {
    keys: ["images:anthropicBaseUrl", "images:openAiBaseUrl", "images:voyageBaseUrl"],
    broken: ({ images: { anthropicBaseUrl, openAiBaseUrl, voyageBaseUrl } }) =>
      [anthropicBaseUrl, openAiBaseUrl, voyageBaseUrl].some(
        (url) => !url.startsWith("https:") && !isLoopback(url),
      ),
    problem:
      "images:anthropicBaseUrl, images:openAiBaseUrl and images:voyageBaseUrl must be https, because an API key travels with every request",
  },
  {
    keys: ["images:otlpEndpoint", "images:otlpHeaders"],
    broken: ({ images: { otlpEndpoint, otlpHeaders } }) =>
      otlpEndpoint !== undefined &&
      otlpHeaders !== undefined &&
      !otlpEndpoint.startsWith("https:") &&
      !isLoopback(otlpEndpoint),
    problem: "images:otlpEndpoint must be https, because images:otlpHeaders travels with every request",
  },
  {
    keys: ["images:users"],
    broken: ({ images: { users } }) => new Set(users).size !== users.length,
    problem: "images:users must name each user once",
  },
  {
    keys: ["merchants:placesBaseUrl"],
    broken: ({ merchants: { placesBaseUrl } }) =>
      !placesBaseUrl.startsWith("https:") && !isLoopback(placesBaseUrl),
    problem: "merchants:placesBaseUrl must be https, because the API key travels with every request",
  },
  {
    keys: ["merchants:enabled", "merchants:placesApiKey", "query:enabled"],
    broken: ({ merchants, query }) =>
      merchants.enabled && merchants.placesApiKey === undefined && !query.enabled,
    problem:
      "merchants:enabled needs something to ask: run `pulumi config set --secret merchants:placesApiKey`, or set query:enabled to true",
  },
  {
    keys: ["merchants:enabled", "query:host"],
    // On the local stack the functions reach the query service.
    broken: ({ merchants: { enabled, placesBaseUrl }, query }) =>
      enabled && query.enabled && query.host === "ecs" && !isLoopback(placesBaseUrl),
    problem:
      "merchants:enabled needs query:host lambda: the query service listens inside the network, and the function is outside it to reach Google",
  },
  {
    keys: ["bulk:enabled", "catchup:enabled"],
    broken: ({ bulk, catchup }) => bulk.enabled && !catchup.enabled,
    problem: "bulk:enabled requires catchup:enabled: both share their tasks, buckets and providers",
  },
  {
    keys: ["bulk:enabled", "bulk:apiKey"],
    broken: ({ bulk: { enabled, apiKey } }) => enabled && apiKey === undefined,
    problem: "bulk:apiKey is missing, and bulk:enabled is true: run `pulumi config set --secret bulk:apiKey`",
  },
  {
    keys: ["bulk:enabled", "bulk:redisPassword", "bulk:redisUrl"],
    broken: ({ bulk: { enabled, redisPassword, redisUrl } }) =>
      enabled && redisPassword === undefined && redisUrl === undefined,
    problem:
      "bulk:redisPassword is missing, and bulk:enabled is true: run `pulumi config set --secret bulk:redisPassword`, or set bulk:redisUrl to an existing broker",
  },
  {
    keys: ["bulk:allowedCidrs", "bulk:certificateArn"],
    broken: ({ bulk: { allowedCidrs, certificateArn } }) =>
      allowedCidrs.length > 0 && certificateArn === undefined,
    problem:
      "bulk:allowedCidrs needs bulk:certificateArn: the API key must not cross the internet in the clear",
  },
  {
    keys: ["bulk:sourceFolder", "embedding:baseUrl"],
    // Only workers of the local stack can reach such a provider, and only they have the folder.
    broken: ({ bulk: { sourceFolder }, embedding: { baseUrl } }) =>
      sourceFolder !== undefined && !isLoopback(baseUrl),
    problem:
      "bulk:sourceFolder is for the local stack, whose workers run on this machine: a Fargate task has no folder of yours. Put the files into the source bucket",
  },
  {
    keys: ["bulk:host", "embedding:baseUrl"],
    broken: ({ bulk, embedding: { baseUrl } }) => bulk.enabled && bulk.host === "ec2" && isLoopback(baseUrl),
    problem: "bulk:host ec2 is for deployed stacks: the local one has no machines. Remove it",
  },
  {
    keys: ["bulk:workers", "bulk:maxWorkers"],
    broken: ({ bulk: { workers, maxWorkers } }) => workers > maxWorkers,
    problem: "bulk:workers must not be greater than bulk:maxWorkers",
  },
  {
    keys: ["bulk:taskDays", "catchup:taskDays"],
    broken: ({ bulk, catchup }) => bulk.enabled && bulk.taskDays > catchup.taskDays,
    problem: "bulk:taskDays must not be greater than catchup:taskDays, after which the files of tasks expire",
  },
  {
    keys: ["bulk:workerCpu", "bulk:workerMemoryMiB"],
    broken: ({ bulk: { workerCpu, workerMemoryMiB } }) => !fargateOffers(workerCpu, workerMemoryMiB),
    problem:
      "bulk:workerCpu and bulk:workerMemoryMiB must be a size that Fargate offers: memory is 2 to 8 times the CPU units, in steps of 1024",
  },
  {
    keys: ["query:cpu", "query:memoryMiB"],
    broken: ({ query: { cpu, memoryMiB } }) => !fargateOffers(cpu, memoryMiB),
    problem:
      "query:cpu and query:memoryMiB must be a size that Fargate offers: memory is 2 to 8 times the CPU units (256: 512, 1024 or 2048), in steps of 1024",
  },
  {
    keys: ["compaction:workerCpu", "compaction:workerMemoryMiB"],
    broken: ({ compaction: { workerCpu, workerMemoryMiB } }) => !fargateOffers(workerCpu, workerMemoryMiB),
    problem:
      "compaction:workerCpu and compaction:workerMemoryMiB must be a size that Fargate offers: memory is 2 to 8 times the CPU units, in steps of 1024 (8192: of 4096; 16384: of 8192)",
  },
  {
    keys: ["stream:entities"],
    broken: ({ stream: { entities } }) => !entities.includes("COMPACTION_RUN"),
    problem: "stream:entities must list COMPACTION_RUN, or no receipt would ever reach a collection",
  },
  {
    keys: ["compaction:leaseSeconds", "compaction:timeoutSeconds"],
    broken: ({ compaction: { leaseSeconds, timeoutSeconds } }) => leaseSeconds > timeoutSeconds / 3,
    problem:
      "compaction:leaseSeconds must be at most a third of compaction:timeoutSeconds, so that a function can wait until a dead holder's lease expires",
  },
  {
    keys: ["compaction:leaseWaitSeconds", "compaction:drainSeconds", "compaction:timeoutSeconds"],
    broken: ({ compaction: { leaseWaitSeconds, drainSeconds, timeoutSeconds } }) =>
      leaseWaitSeconds + drainSeconds > timeoutSeconds / 2,
    problem:
      "compaction:leaseWaitSeconds and compaction:drainSeconds together must leave half of compaction:timeoutSeconds for the work",
  },
  {
    keys: ["sweep:openMinutes", "compaction:timeoutSeconds"],
    broken: ({ sweep: { openMinutes }, compaction: { timeoutSeconds } }) =>
      openMinutes * 60 <= 2 * timeoutSeconds,
    problem:
      "sweep:openMinutes must be longer than twice compaction:timeoutSeconds, or messages that SQS is about to redeliver would be sent twice",
  },
];

function sinkNeeds(
  sink: Settings["catchup"]["sink"],
  key: "pineconeApiKey" | "pineconeHost" | "chromaUrl",
  option = "",
): Rule<Settings> {
  return {
    keys: ["catchup:enabled", "catchup:sink", `catchup:${key}`],
    broken: ({ catchup }) => catchup.enabled && catchup.sink === sink && catchup[key] === undefined,
    problem: `catchup:${key} is missing, and catchup:sink is ${sink}: run \`pulumi config set ${option}catchup:${key}\``,
  };
}

function isLoopback(address: string): boolean {
  return /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?(\/|$)/.test(address);
}

function fargateOffers(cpu: number, memoryMiB: number): boolean {
  if (cpu === 256) return [512, 1024, 2048].includes(memoryMiB);
  const step = cpu <= 4096 ? 1024 : cpu / 2;
  const most = Math.min(cpu * 8, cpu <= 4096 ? 30_720 : cpu * 7.5);
  return memoryMiB % step === 0 && memoryMiB >= cpu * 2 && memoryMiB <= most;
}
