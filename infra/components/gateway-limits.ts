import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface RequestLimits {
  /** Requests per second. */
  readonly rateLimit: number;
  readonly burstLimit: number;
}

export interface LimitedStage {
  readonly restApi: aws.apigateway.RestApi;
  readonly stage: aws.apigateway.Stage;
  readonly limits: RequestLimits;
}

/** Limits all requests of a stage; a usage plan limits only those with a key. */
export function limitStage(
  name: string,
  { restApi, stage, limits }: LimitedStage,
  options: pulumi.CustomResourceOptions,
): void {
  new aws.apigateway.MethodSettings(
    name,
    {
      restApi: restApi.id,
      stageName: stage.stageName,
      methodPath: "*/*",
      settings: { throttlingRateLimit: limits.rateLimit, throttlingBurstLimit: limits.burstLimit },
    },
    options,
  );
}

/** Lets in callers with one key, under the limits of its usage plan. */
export function admitCallers(
  name: string,
  {
    restApi,
    stage,
    limits,
    apiKey,
    requestsPerDay,
  }: LimitedStage & { readonly apiKey: pulumi.Output<string>; readonly requestsPerDay?: number },
  options: pulumi.CustomResourceOptions,
): void {
  const key = new aws.apigateway.ApiKey(name, { value: pulumi.secret(apiKey) }, options);
  const plan = new aws.apigateway.UsagePlan(
    name,
    {
      apiStages: [{ apiId: restApi.id, stage: stage.stageName }],
      throttleSettings: limits,
      ...(requestsPerDay !== undefined && { quotaSettings: { limit: requestsPerDay, period: "DAY" } }),
    },
    options,
  );
  new aws.apigateway.UsagePlanKey(name, { keyId: key.id, keyType: "API_KEY", usagePlanId: plan.id }, options);
}

/** A stage keeps its deployment until this changes: a hash of everything that the deployment snapshots. */
export function deployedHash(deployed: pulumi.Input<unknown>): pulumi.Output<string> {
  return pulumi.jsonStringify(deployed).apply((text) => createHash("sha256").update(text).digest("hex"));
}
