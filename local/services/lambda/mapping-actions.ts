import type { Route } from "../../lambda/routes.ts";
import type { Mapping } from "../../mappings/mapping.ts";
import type { Mappings } from "../../mappings/mappings.ts";
import { type ApiCall, AwsError, type Reply } from "../../protocol/service.ts";

/** The calls on event source mappings that exist. */
export function lambdaMappingActions(
  mappings: Mappings,
): Record<string, (call: ApiCall, route: Route) => Reply | Promise<Reply>> {
  return {
    ListEventSourceMappings({ url }) {
      const functionName = url.searchParams.get("FunctionName");
      const sourceArn = url.searchParams.get("EventSourceArn");
      const wanted = mappings
        .all()
        .filter(
          ({ definition }) =>
            (functionName === null || lastPart(definition.functionArn) === lastPart(functionName)) &&
            (sourceArn === null || definition.eventSourceArn === sourceArn),
        );
      return json(200, { EventSourceMappings: wanted.map(describe) });
    },
    GetEventSourceMapping: (_, { id }) => json(200, describe(existing(mappings, id))),
    async UpdateEventSourceMapping({ body }, { id }) {
      const mapping = existing(mappings, id);
      const { Enabled: enabled, FunctionName: _, ...unknown } = JSON.parse(body.toString("utf8"));
      if (typeof enabled !== "boolean" || Object.keys(unknown).length > 0) {
        throw new AwsError(
          400,
          "InvalidParameterValueException",
          "The local Lambda updates only Enabled of a mapping: change the program for all else.",
        );
      }
      await mapping.setEnabled(enabled);
      return json(202, describe(mapping));
    },
  };
}

function existing(mappings: Mappings, uuid: string): Mapping {
  const mapping = mappings.find(uuid);
  if (mapping !== undefined) return mapping;
  throw new AwsError(404, "ResourceNotFoundException", `The resource you requested does not exist: ${uuid}`);
}

function lastPart(nameOrArn: string): string | undefined {
  return nameOrArn.split(":").at(-1);
}

function describe(mapping: Mapping): object {
  const { definition } = mapping;
  const common = {
    UUID: definition.uuid,
    EventSourceMappingArn: definition.arn,
    EventSourceArn: definition.eventSourceArn,
    FunctionArn: definition.functionArn,
    State: mapping.state,
    LastProcessingResult: mapping.lastProcessingResult,
    BatchSize: definition.batchSize,
    MaximumBatchingWindowInSeconds: definition.windowSeconds,
    FunctionResponseTypes: definition.partialFailures ? ["ReportBatchItemFailures"] : [],
  };
  if (definition.source === "sqs") {
    const { maximumConcurrency } = definition;
    return maximumConcurrency === undefined
      ? common
      : { ...common, ScalingConfig: { MaximumConcurrency: maximumConcurrency } };
  }
  return {
    ...common,
    StartingPosition: definition.startingPosition,
    ParallelizationFactor: definition.parallelizationFactor,
    MaximumRetryAttempts: definition.maximumRetries,
    MaximumRecordAgeInSeconds: definition.maximumAgeSeconds,
    BisectBatchOnFunctionError: definition.bisect,
    FilterCriteria: { Filters: definition.filters.map((Pattern) => ({ Pattern })) },
    ...(definition.onFailure === undefined
      ? {}
      : { DestinationConfig: { OnFailure: { Destination: definition.onFailure } } }),
  };
}

function json(status: number, body: unknown): Reply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
