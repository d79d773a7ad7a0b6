import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { BundledFunction } from "../bundled-function.ts";
import { deployedHash, limitStage } from "../gateway-limits.ts";

const stageName = "v1";
const httpMethod = "GET";

export interface ImageSearchApiArgs {
  readonly authorization: "key" | "iam";
  readonly isTraced: boolean;
}

/** Requests per key. */
const limits = { rateLimit: 10, burstLimit: 20 };
const ofAllUsers = { rateLimit: 100, burstLimit: 200 };

/**
 * The REST API of the image search. Each user has an API key, which API Gateway creates and which identifies the user;
 * with `iam`, the signature does. The function is connected after its configuration has the keys' users.
 */
export class ImageSearchApi extends pulumi.ComponentResource {
  readonly keys: Readonly<Record<string, aws.apigateway.ApiKey>>;
  private readonly restApi: aws.apigateway.RestApi;
  private readonly stem: string;
  private readonly args: ImageSearchApiArgs & { readonly users: readonly string[] };

  constructor(
    name: string,
    args: ImageSearchApiArgs & { readonly users: readonly string[] },
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("vectorkeep:infra:ImageSearchApi", name, {}, options);
    this.stem = name;
    this.args = args;
    this.keys =
      args.authorization === "key"
        ? Object.fromEntries(
            args.users.map((user) => [
              user,
              new aws.apigateway.ApiKey(
                `${name}-${user}`,
                { description: `Image search of ${user}` },
                { parent: this },
              ),
            ]),
          )
        : {};
    this.restApi = new aws.apigateway.RestApi(
      name,
      { description: "Searches images", endpointConfiguration: { types: "REGIONAL" } },
      { parent: this },
    );
    this.registerOutputs();
  }

  /** JSON: the user of each key's id. */
  get usersByKeyId(): pulumi.Output<string> {
    const entries = Object.entries(this.keys).map(([user, { id }]) => id.apply((keyId) => [keyId, user]));
    return pulumi.all(entries).apply((pairs) => JSON.stringify(Object.fromEntries(pairs)));
  }

  /** JSON: the key of each user. */
  get keysByUser(): pulumi.Output<string> {
    const entries = Object.entries(this.keys).map(([user, { value }]) => value.apply((key) => [user, key]));
    return pulumi.all(entries).apply((pairs) => JSON.stringify(Object.fromEntries(pairs)));
  }

  /** Routes `GET /images/search` to the function. Resolves to the URL, without a trailing slash. */
  connect(search: BundledFunction): pulumi.Output<string> {
    const { stem: name, restApi } = this;
    const inside = { parent: this };
    const isSigned = this.args.authorization === "iam";
    const permission = new aws.lambda.Permission(
      name,
      {
        action: "lambda:InvokeFunction",
        function: search.function.name,
        principal: "apigateway.amazonaws.com",
        sourceArn: pulumi.interpolate`${restApi.executionArn}/*/GET/images/search`,
      },
      inside,
    );
    const images = new aws.apigateway.Resource(
      `${name}-images`,
      { restApi: restApi.id, parentId: restApi.rootResourceId, pathPart: "images" },
      inside,
    );
    const resource = new aws.apigateway.Resource(
      name,
      { restApi: restApi.id, parentId: images.id, pathPart: "search" },
      inside,
    );
    const place = { restApi: restApi.id, resourceId: resource.id, httpMethod };
    const method = new aws.apigateway.Method(
      name,
      { ...place, authorization: isSigned ? "AWS_IAM" : "NONE", apiKeyRequired: !isSigned },
      inside,
    );
    const integration = new aws.apigateway.Integration(
      name,
      { ...place, type: "AWS_PROXY", integrationHttpMethod: "POST", uri: search.function.invokeArn },
      { ...inside, dependsOn: [method] },
    );
    const deployed = [method.authorization, method.apiKeyRequired, integration.uri];
    const deployment = new aws.apigateway.Deployment(
      name,
      {
        restApi: restApi.id,
        triggers: { routes: deployedHash(deployed) },
      },
      { parent: this, dependsOn: [permission, integration] },
    );
    const stage = new aws.apigateway.Stage(
      name,
      { restApi: restApi.id, deployment: deployment.id, stageName, xrayTracingEnabled: this.args.isTraced },
      inside,
    );
    limitStage(name, { restApi, stage, limits: ofAllUsers }, inside);
    this.plan(name, stage);
    return stage.invokeUrl;
  }

  private plan(name: string, stage: aws.apigateway.Stage): void {
    const keys = Object.entries(this.keys);
    if (keys.length === 0) return;
    const plan = new aws.apigateway.UsagePlan(
      name,
      { apiStages: [{ apiId: this.restApi.id, stage: stage.stageName }], throttleSettings: limits },
      { parent: this },
    );
    for (const [user, { id }] of keys) {
      new aws.apigateway.UsagePlanKey(
        `${name}-${user}`,
        { keyId: id, keyType: "API_KEY", usagePlanId: plan.id },
        { parent: this },
      );
    }
  }
}
