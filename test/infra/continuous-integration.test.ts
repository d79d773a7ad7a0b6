import { readFileSync } from "node:fs";
import { join } from "node:path";
import { continuousIntegration, deployedServices } from "../../infra/ci/program.ts";
import { type Deployment, deploy, ofType } from "./support/deploy.ts";

interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: unknown;
}

const config = { "ci:repository": "example/vectorkeep", "ci:stateBucket": "state" };
let stack: Deployment;

beforeAll(async () => {
  stack = await deploy(continuousIntegration, { stack: "account", config, secrets: {} });
});

const trustOf = (name: string) =>
  JSON.parse(String(ofType(stack, "aws:iam/role:Role").get(name)?.assumeRolePolicy)).Statement;
const policyOf = (name: string): Statement[] =>
  JSON.parse(String(ofType(stack, "aws:iam/rolePolicy:RolePolicy").get(name)?.policy)).Statement;

test.each([
  ["vectorkeep-ci-preview", ["repo:example/vectorkeep:environment:preview"]],
  [
    "vectorkeep-ci-deploy",
    ["repo:example/vectorkeep:environment:dev", "repo:example/vectorkeep:environment:prod"],
  ],
])("%s trusts jobs of exactly its environments in the repository", (name, subjects) => {
  expect(trustOf(name)).toEqual([
    {
      Effect: "Allow",
      Principal: { Federated: "arn:iam:github" },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": subjects,
        },
      },
    },
  ]);
});

test("a preview reads, and writes nothing but Pulumi's lock", () => {
  const writes = policyOf("vectorkeep-ci-preview").filter(({ Action }) =>
    Action.some((action) => !/:(Get|List|Describe)/.test(action)),
  );
  expect(writes).toEqual([
    {
      Effect: "Allow",
      Action: ["s3:PutObject", "s3:DeleteObject"],
      Resource: ["arn:aws:s3:::state/.pulumi/locks/*"],
    },
  ]);
});

test("a deployment may make every type of resource that a stack has", () => {
  const named: Readonly<Record<string, string>> = {
    cloudwatch: "cloudwatch",
    efs: "elasticfilesystem",
    lb: "elasticloadbalancing",
    sfn: "states",
    vpc: "ec2",
  };
  const listings = ["dev", "prod", "catch-up"].map((name) =>
    readFileSync(join(import.meta.dirname, `fixtures/${name}-resources.txt`), "utf8"),
  );
  const modules = new Set(
    listings.flatMap((text) => [...text.matchAll(/^aws:(\w+):/gm)].map(([, name = ""]) => name)),
  );
  modules.delete("iam");
  const logs = new Set<string>(deployedServices);
  const missing = [...modules].map((name) => named[name] ?? name).filter((service) => !logs.has(service));
  expect(modules.size).toBeGreaterThan(10);
  expect(missing).toEqual([]);
});

test("a deployment makes roles of the product only, and changes neither its own nor the provider", () => {
  const statements = policyOf("vectorkeep-ci-deploy").filter(({ Action }) =>
    Action.some((action) => action.startsWith("iam:")),
  );
  const allowed = statements.filter(({ Effect }) => Effect === "Allow").flatMap(({ Resource }) => Resource);
  expect(allowed).toEqual([
    "arn:aws:iam::000000000000:role/vectorkeep-*",
    "arn:aws:iam::000000000000:role/aws-service-role/*",
  ]);
  expect(statements).toContainEqual({
    Effect: "Deny",
    Action: ["iam:*"],
    Resource: ["arn:aws:iam::000000000000:role/vectorkeep-ci-*", "arn:iam:github"],
  });
});

test("a repository that is not ORG/REPO is refused", async () => {
  const wanted = { stack: "account", config: { ...config, "ci:repository": "example/*" }, secrets: {} };
  await expect(deploy(continuousIntegration, wanted)).rejects.toThrow(/ci:repository is ORG\/REPO/);
});
