import * as pulumi from "@pulumi/pulumi";

/** The wrapper in which an input that is secret arrives. */
const secretMark = "4dabf18193072939515e22adb298388d";

export interface Declared {
  readonly type: string;
  readonly name: string;
  /** Plain values, unwrapped. */
  readonly inputs: Record<string, unknown>;
  /** Properties that are secret as a whole. */
  readonly secretInputs: readonly string[];
}

export interface Deployment {
  readonly resources: readonly Declared[];
  readonly outputs: Record<string, unknown>;
  /** Names of resources in the order of events, as `start NAME` and `done NAME`, with the type. */
  readonly events: readonly string[];
}

export interface Wanted {
  readonly stack: string;
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** What the provider answers to a look-up, by its token. */
  readonly found?: Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>>;
  /** How resources of a type come out other than they were declared. */
  readonly changed?: Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>>;
  /** Types whose creation takes a while. */
  readonly slow?: readonly string[];
  /** How long a slow creation takes. @default 50 */
  readonly slowMs?: number;
}

/** Runs a program under Pulumi's runtime mocks, as the engine would run it, and notes all that it declares. */
export async function deploy(program: () => Promise<unknown>, wanted: Wanted): Promise<Deployment> {
  const { stackTraceLimit } = Error;
  // Pulumi writes a stack trace for every promise, and Jest maps each frame of it: five sixths of the time.
  Error.stackTraceLimit = 0;
  try {
    return await runProgram(program, wanted);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function runProgram(program: () => Promise<unknown>, wanted: Wanted): Promise<Deployment> {
  const resources: Declared[] = [];
  const events: string[] = [];
  pulumi.runtime.setAllConfig({ ...wanted.config, ...wanted.secrets }, Object.keys(wanted.secrets));
  await pulumi.runtime.setMocks(
    {
      async newResource({ type, name, inputs }) {
        events.push(`start ${type} ${name}`);
        if (wanted.slow?.includes(type))
          await new Promise((resolve) => setTimeout(resolve, wanted.slowMs ?? 50));
        const secretInputs = Object.keys(inputs).filter((key) => isSecret(inputs[key]));
        const plain = plainly(inputs) as Record<string, unknown>;
        resources.push({ type, name, inputs: plain, secretInputs });
        events.push(`done ${type} ${name}`);
        return {
          id: `${name}-id`,
          state: { ...(wanted.changed?.[type]?.(inputs) ?? inputs), ...madeUp(type, name, plain) },
        };
      },
      call({ token, inputs }) {
        const answer = wanted.found?.[token] ?? lookups[token];
        if (answer === undefined) throw new Error(`The test answers no look-up ${token}.`);
        return answer(inputs);
      },
    },
    "vectorkeep",
    wanted.stack,
    false,
  );
  const failures: unknown[] = [];
  // A program that throws would leave the stack resource's own promise rejected with nobody to take it.
  const outputs = await pulumi.runtime.runInPulumiStack(() =>
    program().catch((error) => failures.push(error)),
  );
  await pulumi.runtime.disconnect();
  if (failures.length > 0) throw failures[0];
  return { resources, outputs: (await settled(outputs)) as Record<string, unknown>, events };
}

/** The resources of a type, as `aws:sqs/queue:Queue`, by name. */
export function ofType({ resources }: Deployment, type: string): Map<string, Declared["inputs"]> {
  return new Map(resources.filter((found) => found.type === type).map(({ name, inputs }) => [name, inputs]));
}

/** `type::name` of everything that a provider makes, sorted. */
export function listing(resources: readonly { type: string; name: string }[]): string[] {
  return resources
    .filter(({ type }) => !/^(pulumi:pulumi|vectorkeep):/.test(type))
    .map(({ type, name }) => `${type.replace(/^(\w+):(\w+)\/\w+:/, "$1:$2:")}::${name}`)
    .sort();
}

const lookups: NonNullable<Wanted["found"]> = {
  "aws:ecs/getClusters:getClusters": () => ({ clusterArns: [] }),
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({ accountId: "000000000000" }),
  "aws:index/getPartition:getPartition": () => ({ partition: "aws" }),
  "aws:index/getRegion:getRegion": () => ({ region: "us-east-1" }),
  "aws:index/getAvailabilityZones:getAvailabilityZones": () => ({
    zoneIds: ["use1-az4", "use1-az1", "use1-az2"],
  }),
};

/** Outputs that only a provider can know. */
export function madeUp(type: string, name: string, inputs: Record<string, unknown>): Record<string, string> {
  const arn = `arn:${type.slice(type.indexOf(":") + 1, type.indexOf("/"))}:${name}`;
  const physical = String(inputs.name ?? name);
  const of: Record<string, Record<string, string>> = {
    "aws:sqs/queue:Queue": { url: `https://sqs.us-east-1.amazonaws.com/000000000000/${physical}` },
    "aws:s3/bucket:Bucket": { bucket: name },
    "aws:dynamodb/table:Table": { streamArn: `${arn}/stream/1` },
    "aws:lambda/eventSourceMapping:EventSourceMapping": { uuid: `uuid-of-${name}` },
    "aws:ec2/vpcEndpoint:VpcEndpoint": { prefixListId: `pl-${name}` },
    "aws:lb/loadBalancer:LoadBalancer": { dnsName: "balancer.internal" },
    "aws:ecr/repository:Repository": { repositoryUrl: `registry/${name}` },
    "aws:lambda/function:Function": { invokeArn: `${arn}/invocations` },
    "aws:s3/vectorsIndex:VectorsIndex": { indexArn: arn },
    "aws:s3/vectorsVectorBucket:VectorsVectorBucket": { vectorBucketArn: arn },
    "aws:sfn/stateMachine:StateMachine": { arn: `arn:aws:states:::stateMachine:${physical}` },
    "aws:apigateway/restApi:RestApi": { rootResourceId: `${name}-root`, executionArn: `${arn}/execute` },
    "aws:apigateway/stage:Stage": { invokeUrl: `https://api.internal/${inputs.stageName}` },
    "aws:rds/cluster:Cluster": { clusterResourceId: `cluster-of-${name}` },
    "awsx:ecr:Image": { imageUri: `registry/${name}@sha256:0` },
  };
  return { arn, name: physical, ...of[type] };
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && secretMark in value;
}

function plainly(value: unknown): unknown {
  if (isSecret(value)) return plainly((value as { value: unknown }).value);
  if (Array.isArray(value)) return value.map(plainly);
  if (typeof value !== "object" || value === null || pulumi.asset.Archive.isInstance(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainly(inner)]));
}

/** Resolves outputs however deep they lie. */
function settled(value: unknown): Promise<unknown> {
  const outputs = pulumi.output(value) as pulumi.Output<unknown>;
  return new Promise((resolve) => outputs.apply(resolve));
}
