import { z } from "zod";
import { ResourcePolicy } from "../../api-gateway/resource-policy.ts";
import { newId } from "../../api-gateway/rest-apis.ts";
import { accountId, region } from "../../protocol/account.ts";
import { jsonDocument, parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

const restApi = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  endpointConfiguration: z.object({ types: z.enum(["EDGE", "REGIONAL"]) }).optional(),
  apiKeySource: z.literal("HEADER").optional(),
  tags: z.unknown().optional(),
});
const resource = z.strictObject({ restApi: z.string(), parentId: z.string(), pathPart: z.string() });
const method = z.strictObject({
  restApi: z.string(),
  resourceId: z.string(),
  httpMethod: z.string(),
  authorization: z.enum(["NONE", "AWS_IAM"]),
  apiKeyRequired: z.boolean().default(false),
  operationName: z.string().optional(),
  /** They change nothing without a request validator. */
  requestParameters: z.record(z.string(), z.boolean()).optional(),
});
const integration = z.strictObject({
  restApi: z.string(),
  resourceId: z.string(),
  httpMethod: z.string(),
  type: z.literal("AWS_PROXY"),
  integrationHttpMethod: z.literal("POST", "Lambda is invoked with POST"),
  uri: z
    .string()
    .regex(/:lambda:path\/2015-03-31\/functions\/.+\/invocations$/, "is not a function's invokeArn"),
  timeoutMilliseconds: z.number().int().min(50).max(29_000).default(29_000),
});
const restApiPolicy = z.strictObject({ restApiId: z.string(), policy: jsonDocument });
/** Only values that are sent unchanged: the defaults, and headers in quotes. */
const response = z.strictObject({
  restApiId: z.string(),
  responseType: z.enum(["DEFAULT_4XX", "DEFAULT_5XX"]),
  responseParameters: z
    .record(
      z.string().regex(/^gatewayresponse\.header\./),
      z.string().regex(/^'[^']*'$/, "is no text in single quotes"),
    )
    .default({}),
  responseTemplates: z
    .strictObject({ "application/json": z.literal('{"message":$context.error.messageString}') })
    .optional(),
});
const deployment = z.strictObject({
  restApi: z.string(),
  description: z.string().optional(),
  triggers: z.record(z.string(), z.string()).optional(),
});
const stage = z.strictObject({
  restApi: z.string(),
  deployment: z.string(),
  stageName: z.string().regex(/^\w[\w-]*$/),
  description: z.string().optional(),
  variables: z.record(z.string(), z.string()).default({}),
  /** Accepted as AWS does; no access log is written. */
  accessLogSettings: z.strictObject({ destinationArn: z.string(), format: z.string() }).optional(),
  xrayTracingEnabled: z.boolean().optional(),
  tags: z.unknown().optional(),
});
const methodSettings = z.strictObject({
  restApi: z.string(),
  stageName: z.string(),
  methodPath: z.string(),
  settings: z.strictObject({
    throttlingRateLimit: z.number().optional(),
    throttlingBurstLimit: z.number().int().optional(),
    metricsEnabled: z.boolean().optional(),
    loggingLevel: z.string().optional(),
    dataTraceEnabled: z.boolean().optional(),
  }),
});

export const apiGatewayCreators: Creators = {
  "aws:apigateway/restApi:RestApi"({ name, inputs }, { restApis }) {
    const wanted = parseInputs(restApi, inputs);
    const { id, root } = restApis.create(name);
    const outputs = {
      name: physicalName(wanted.name, name),
      rootResourceId: root.id,
      executionArn: executionArn(id),
      arn: `arn:aws:apigateway:${region}::/restapis/${id}`,
    };
    return { id, outputs };
  },

  "aws:apigateway/resource:Resource"({ inputs }, { restApis }) {
    const { restApi: apiId, parentId, pathPart } = parseInputs(resource, inputs);
    const { id, path } = restApis.existing(apiId).addResource(newId(), parentId, pathPart);
    return { id, outputs: { path } };
  },

  "aws:apigateway/method:Method"({ inputs }, { restApis }) {
    const { restApi: apiId, resourceId, httpMethod, ...wanted } = parseInputs(method, inputs);
    const { methods } = restApis.existing(apiId).resource(resourceId);
    if (methods.has(httpMethod)) throw new Error("Method already exists for this resource");
    const { authorization, apiKeyRequired } = wanted;
    methods.set(httpMethod, { authorization, apiKeyRequired, integration: undefined });
    return { id: `agm-${apiId}-${resourceId}-${httpMethod}` };
  },

  "aws:apigateway/integration:Integration"({ inputs }, { restApis }) {
    const wanted = parseInputs(integration, inputs);
    const { restApi: apiId, resourceId, httpMethod, uri, timeoutMilliseconds } = wanted;
    restApis.existing(apiId).method(resourceId, httpMethod).integration = {
      functionArn: uri.split("/functions/")[1]?.replace(/\/invocations$/, "") ?? "",
      timeoutMilliseconds,
    };
    return { id: `agi-${apiId}-${resourceId}-${httpMethod}` };
  },

  "aws:apigateway/restApiPolicy:RestApiPolicy"({ inputs }, { restApis }) {
    const { restApiId, policy } = parseInputs(restApiPolicy, inputs);
    restApis.existing(restApiId).policy = new ResourcePolicy(policy);
    return { id: restApiId };
  },

  "aws:apigateway/response:Response"({ inputs }, { restApis }) {
    const { restApiId, responseType, responseParameters } = parseInputs(response, inputs);
    const headers = Object.entries(responseParameters).map(([name, value]) => [
      name.slice("gatewayresponse.header.".length).toLowerCase(),
      value.slice(1, -1),
    ]);
    restApis.existing(restApiId).refusalHeaders.set(responseType, Object.fromEntries(headers));
    return { id: `aggr-${restApiId}-${responseType}` };
  },

  "aws:apigateway/deployment:Deployment"({ inputs }, { restApis }) {
    const { id } = restApis.existing(parseInputs(deployment, inputs).restApi).deploy(newId());
    return { id, outputs: { createdDate: new Date().toISOString() } };
  },

  "aws:apigateway/stage:Stage"({ inputs }, { restApis, platform }) {
    const { restApi: apiId, deployment: deploymentId, stageName, variables } = parseInputs(stage, inputs);
    restApis.createStage(apiId, stageName, deploymentId, variables);
    const outputs = {
      invokeUrl: `${platform.endpoint}/restapis/${apiId}/${stageName}/_user_request_`,
      executionArn: `${executionArn(apiId)}/${stageName}`,
      arn: `arn:aws:apigateway:${region}::/restapis/${apiId}/stages/${stageName}`,
    };
    return { id: `ags-${apiId}-${stageName}`, outputs };
  },

  "aws:apigateway/methodSettings:MethodSettings"({ inputs }, { restApis }) {
    const { restApi: apiId, stageName, methodPath, settings } = parseInputs(methodSettings, inputs);
    const configured = restApis.stage(apiId, stageName);
    if (configured === undefined) throw new Error(`The API ${apiId} has no stage ${stageName}`);
    const { throttlingRateLimit: rateLimit, throttlingBurstLimit: burstLimit } = settings;
    if (rateLimit !== undefined && burstLimit !== undefined) {
      configured.throttle(methodPath, { rateLimit, burstLimit });
    }
    return { id: `${apiId}-${stageName}-${methodPath}` };
  },
};

function executionArn(apiId: string): string {
  return `arn:aws:execute-api:${region}:${accountId}:${apiId}`;
}
