import { deployCatchUp } from "./support/catch-up-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";

const name = "vectorkeep-dev-catch-up-api";
const account = "aws:apigateway/account:Account";
const on = { "catchup:accessLog": "true", "logs:retentionDays": "90" };

function logOf(stack: Deployment) {
  const stage = ofType(stack, "aws:apigateway/stage:Stage").get(name);
  return stage?.accessLogSettings as { destinationArn: string; format: string } | undefined;
}

test("is off by default, and the account's role is left alone", async () => {
  const stack = await deployCatchUp();
  expect(logOf(stack)).toBeUndefined();
  expect(ofType(stack, account).size).toBe(0);
});

test("has a line of JSON per request with who, what, how it ended and why, and never the key", async () => {
  const stack = await deployCatchUp(on);
  const { destinationArn = "", format = "" } = logOf(stack) ?? {};
  const group = ofType(stack, "aws:cloudwatch/logGroup:LogGroup").get(`${name}-access`);
  expect(group).toEqual({ name: `/aws/apigateway/${name}`, retentionInDays: 90 });
  expect(destinationArn).toBe(`arn:cloudwatch:${name}-access`);
  expect(format).not.toContain("\n");
  const line: Record<string, string> = JSON.parse(format);
  expect(Object.keys(line)).toEqual(
    expect.arrayContaining([
      "request_id",
      "api_key_id",
      "caller",
      "route",
      "status",
      "duration_ms",
      "error_type",
    ]),
  );
  expect(Object.values(line)).not.toContain("$context.identity.apiKey");
  expect(ofType(stack, account).size).toBe(0);
});

test("is JSON whatever a caller sends, and where a value is absent", async () => {
  const { format = "" } = logOf(await deployCatchUp(on)) ?? {};
  const freeText =
    /^\$context\.(path|error\.message|error\.validationErrorString|integrationErrorMessage|integration\.error|identity\.userAgent)$/;
  const line = format.replaceAll(/\$context(\.\w+)+/g, (variable) =>
    freeText.test(variable) ? 'not "authorized"' : "-",
  );
  expect(line).not.toContain("$");
  expect(new Set(Object.values(JSON.parse(line)))).toEqual(new Set(["-", "- -"]));
});

test("comes after the account's role where the stack is told to set it", async () => {
  const stack = await deployCatchUp({ ...on, "catchup:accessLogRole": "true" });
  expect(ofType(stack, account).get(name)).toEqual({ cloudwatchRoleArn: `arn:iam:${name}-log` });
  const start = stack.events.indexOf(`start aws:apigateway/stage:Stage ${name}`);
  expect(stack.events.slice(0, start)).toContain(`done ${account} ${name}`);
});

test("that is off needs no role", async () => {
  await expect(deployCatchUp({ "catchup:accessLogRole": "true" })).rejects.toThrow(
    "catchup:accessLogRole is for catchup:accessLog",
  );
});
