import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { z } from "zod";
import type { FunctionDefinition } from "../../lambda/function-definition.ts";
import { queueUrlOfArn } from "../../processes/queue-url.ts";
import type { Deployment } from "../deployment.ts";
import { parseInputs } from "../inputs.ts";
import type { Properties } from "../properties.ts";

const responseTypes = z.array(z.literal("ReportBatchItemFailures")).default([]);
const common = {
  functionName: z.string(),
  enabled: z.boolean().default(true),
  functionResponseTypes: responseTypes,
  metricsConfig: z.strictObject({ metrics: z.array(z.literal("EventCount")) }).optional(),
  tags: z.unknown().optional(),
};

const queueMapping = z.strictObject({
  ...common,
  eventSourceArn: z.string().startsWith("arn:aws:sqs:"),
  batchSize: z.number().int().min(1).max(10_000).default(10),
  maximumBatchingWindowInSeconds: z.number().int().min(0).max(300).default(0),
  scalingConfig: z.object({ maximumConcurrency: z.number().int().min(2).max(1000) }).optional(),
});

const streamMapping = z.strictObject({
  ...common,
  eventSourceArn: z.string().startsWith("arn:aws:dynamodb:"),
  batchSize: z.number().int().min(1).max(10_000).default(100),
  maximumBatchingWindowInSeconds: z.number().int().min(0).max(300).default(0),
  startingPosition: z.enum(["TRIM_HORIZON", "LATEST"]),
  parallelizationFactor: z.number().int().min(1).max(10).default(1),
  bisectBatchOnFunctionError: z.boolean().default(false),
  maximumRetryAttempts: z.number().int().min(-1).max(10_000).default(-1),
  maximumRecordAgeInSeconds: z
    .number()
    .int()
    .max(604_800)
    .refine((age) => age === -1 || age >= 60, "is -1 or at least 60")
    .default(-1),
  filterCriteria: z
    .object({ filters: z.array(z.object({ pattern: z.string() })).max(5) })
    .default({ filters: [] }),
  destinationConfig: z.object({ onFailure: z.object({ destinationArn: z.string() }) }).optional(),
});

interface Identity {
  readonly uuid: string;
  readonly arn: string;
}

/** Implements `CreateEventSourceMapping` with its errors. */
export async function createMapping(
  identity: Identity,
  inputs: Properties,
  deployment: Deployment,
): Promise<void> {
  if (String(inputs.eventSourceArn).startsWith("arn:aws:sqs:")) {
    await createQueueMapping(identity, inputs, deployment);
  } else {
    createStreamMapping(identity, inputs, deployment);
  }
}

async function createQueueMapping(
  identity: Identity,
  inputs: Properties,
  deployment: Deployment,
): Promise<void> {
  const wanted = parseInputs(queueMapping, inputs);
  const target = existingFunction(wanted.functionName, deployment);
  const { Attributes } = await deployment.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrlOfArn(deployment.platform.endpoint, wanted.eventSourceArn),
      AttributeNames: ["VisibilityTimeout"],
    }),
  );
  const visibilitySeconds = Number(Attributes?.VisibilityTimeout);
  if (visibilitySeconds < target.timeoutSeconds) {
    throw new Error(
      `Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${target.timeoutSeconds} seconds`,
    );
  }
  checkBatch(
    wanted.eventSourceArn.endsWith(".fifo"),
    wanted.batchSize,
    wanted.maximumBatchingWindowInSeconds,
  );
  deployment.mappings.create({
    ...identity,
    source: "sqs",
    eventSourceArn: wanted.eventSourceArn,
    functionArn: target.arn,
    enabled: wanted.enabled,
    batchSize: wanted.batchSize,
    windowSeconds: wanted.maximumBatchingWindowInSeconds,
    partialFailures: wanted.functionResponseTypes.length > 0,
    countsEvents: wanted.metricsConfig !== undefined,
    maximumConcurrency: wanted.scalingConfig?.maximumConcurrency,
  });
}

function createStreamMapping(identity: Identity, inputs: Properties, deployment: Deployment): void {
  const wanted = parseInputs(streamMapping, inputs);
  deployment.mappings.create({
    ...identity,
    source: "dynamodb",
    eventSourceArn: wanted.eventSourceArn,
    functionArn: existingFunction(wanted.functionName, deployment).arn,
    enabled: wanted.enabled,
    batchSize: wanted.batchSize,
    windowSeconds: wanted.maximumBatchingWindowInSeconds,
    partialFailures: wanted.functionResponseTypes.length > 0,
    countsEvents: wanted.metricsConfig !== undefined,
    startingPosition: wanted.startingPosition,
    parallelizationFactor: wanted.parallelizationFactor,
    maximumRetries: wanted.maximumRetryAttempts,
    maximumAgeSeconds: wanted.maximumRecordAgeInSeconds,
    bisect: wanted.bisectBatchOnFunctionError,
    filters: wanted.filterCriteria.filters.map(({ pattern }) => pattern),
    onFailure: wanted.destinationConfig?.onFailure.destinationArn,
  });
}

function existingFunction(name: string, { functions }: Deployment): FunctionDefinition {
  const found = functions.find(name)?.definition;
  if (found === undefined) throw new Error(`There is no function ${name}`);
  return found;
}

function checkBatch(fifo: boolean, batchSize: number, windowSeconds: number): void {
  if (fifo && windowSeconds > 0) throw new Error("Batching window is not supported for FIFO queues");
  if (fifo && batchSize > 10) throw new Error("Maximum batch size for FIFO queues is 10");
  if (batchSize > 10 && windowSeconds < 1) {
    throw new Error(
      "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    );
  }
}
