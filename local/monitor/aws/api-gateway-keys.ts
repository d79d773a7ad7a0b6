import { randomBytes } from "node:crypto";
import { z } from "zod";
import { newId } from "../../api-gateway/rest-apis.ts";
import { region } from "../../protocol/account.ts";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

const apiKey = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  enabled: z.boolean().default(true),
  value: z.string().min(20).max(128).optional(),
  tags: z.unknown().optional(),
});
const usagePlan = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  apiStages: z.array(z.strictObject({ apiId: z.string(), stage: z.string() })).default([]),
  throttleSettings: z
    .strictObject({ rateLimit: z.number().positive(), burstLimit: z.number().int().positive() })
    .optional(),
  quotaSettings: z
    .strictObject({
      limit: z.number().int().positive(),
      period: z.enum(["DAY", "WEEK", "MONTH"]),
      offset: z.literal(0).optional(),
    })
    .optional(),
  tags: z.unknown().optional(),
});
const usagePlanKey = z.strictObject({
  keyId: z.string(),
  keyType: z.literal("API_KEY"),
  usagePlanId: z.string(),
});

export const apiKeyCreators: Creators = {
  "aws:apigateway/apiKey:ApiKey"({ name, inputs }, { restApis }) {
    const wanted = parseInputs(apiKey, inputs);
    const { value = randomBytes(20).toString("hex"), enabled } = wanted;
    const id = newId();
    restApis.usagePlans.addKey({ id, value, enabled });
    return { id, outputs: { name: physicalName(wanted.name, name), value, arn: arnOf(`apikeys/${id}`) } };
  },

  "aws:apigateway/usagePlan:UsagePlan"({ name, inputs }, { restApis }) {
    const wanted = parseInputs(usagePlan, inputs);
    const missing = wanted.apiStages.find(({ apiId, stage }) => restApis.stage(apiId, stage) === undefined);
    if (missing !== undefined) throw new Error(`API Stage not found: ${missing.apiId}:${missing.stage}`);
    const id = newId();
    restApis.usagePlans.addPlan({
      id,
      stages: wanted.apiStages.map(({ apiId, stage }) => `${apiId}/${stage}`),
      throttle: wanted.throttleSettings,
      quota: wanted.quotaSettings,
    });
    return { id, outputs: { name: physicalName(wanted.name, name), arn: arnOf(`usageplans/${id}`) } };
  },

  "aws:apigateway/usagePlanKey:UsagePlanKey"({ inputs }, { restApis }) {
    const { keyId, usagePlanId } = parseInputs(usagePlanKey, inputs);
    restApis.usagePlans.addKeyToPlan(keyId, usagePlanId);
    return { id: keyId };
  },
};

function arnOf(path: string): string {
  return `arn:aws:apigateway:${region}::/${path}`;
}
