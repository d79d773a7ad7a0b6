import {
  continuousIntegration,
  deployedServices,
  roleServices,
  runtimeServices,
} from "../../infra/ci/program.ts";
import { deployBulk, imageSecrets } from "./support/bulk-stack.ts";
import { type Deployment, deploy, listing, ofType } from "./support/deploy.ts";
import { allPermissions } from "./support/policies.ts";
import "./support/stacks.ts";

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

describe("a deployment of every part of the product", () => {
  let stacks: Deployment[];

  beforeAll(async () => {
    const everything = {
      "compaction:host": "ecs",
      "images:enabled": "true",
      "images:users": '["demo"]',
      "catchup:accessLog": "true",
      "catchup:accessLogRole": "true",
      "tracing:enabled": "true",
    };
    stacks = [
      await deployBulk(everything, { stack: "prod", secrets: imageSecrets }),
      await deployBulk({ "bulk:host": "ec2", "catchup:sink": "s3vectors" }),
    ];
  });

  test("may make every type of resource", () => {
    const named: Readonly<Record<string, string>> = {
      appautoscaling: "application-autoscaling",
      efs: "elasticfilesystem",
      lb: "elasticloadbalancing",
      sfn: "states",
      vpc: "ec2",
    };
    const modules = new Set(
      stacks.flatMap(({ resources }) =>
        listing(resources)
          // A service of its own, whose resources Pulumi counts among those of S3.
          .map((line) => line.replace(/^aws:s3:Vectors/, "aws:s3vectors:"))
          .flatMap((line) => /^aws:(\w+):/.exec(line)?.[1] ?? []),
      ),
    );
    modules.delete("iam");
    const allowed = new Set<string>(deployedServices);
    const missing = [...modules]
      .map((name) => named[name] ?? name)
      .filter((service) => !allowed.has(service));
    expect(modules.size).toBeGreaterThan(15);
    expect(missing).toEqual([]);
  });

  test("passes its roles to exactly the services that assume them", () => {
    const principals = stacks.flatMap((each) =>
      Array.from(ofType(each, "aws:iam/role:Role").values(), ({ assumeRolePolicy }) =>
        JSON.parse(String(assumeRolePolicy)).Statement.map(
          ({ Principal }: { Principal: { Service: string } }) => Principal.Service,
        ),
      ),
    );
    expect([...new Set(principals.flat())].sort()).toEqual([...roleServices]);
  });

  test("gives its roles nothing beyond their boundary, and the boundary has no service that none of them calls", () => {
    const called = stacks.flatMap((each) =>
      [...allPermissions(each).values()].flat().filter((permission) => !permission.startsWith("Deny ")),
    );
    const services = new Set(called.map((permission) => permission.split(":")[0] ?? ""));
    expect([...services].sort()).toEqual([...runtimeServices]);
  });
});

test("the boundary lets no role of the product near identities, or near the state of deployments", () => {
  const boundary = ofType(stack, "aws:iam/policy:Policy").get("vectorkeep-ci-boundary");
  const statements: Statement[] = JSON.parse(String(boundary?.policy)).Statement;
  expect(statements).toEqual([
    { Effect: "Allow", Action: runtimeServices.map((service) => `${service}:*`), Resource: ["*"] },
    { Effect: "Deny", Action: ["s3:*"], Resource: ["arn:aws:s3:::state", "arn:aws:s3:::state/*"] },
  ]);
  for (const service of ["iam", "sts", "organizations"]) expect(runtimeServices).not.toContain(service);
});

test("a deployment gives permissions to no role without the boundary, so it cannot give itself more by one", () => {
  const allowed = policyOf("vectorkeep-ci-deploy").filter(({ Effect }) => Effect === "Allow");
  const withAction = (pattern: RegExp) =>
    allowed.filter(({ Action }) => Action.some((action) => pattern.test(action)));
  expect(withAction(/^iam:(Create|Put|Attach|Detach)Role|^iam:DeleteRolePolicy|^\*|^iam:\*/)).toEqual([
    expect.objectContaining({
      Resource: ["arn:aws:iam::000000000000:role/vectorkeep-*"],
      Condition: { StringEquals: { "iam:PermissionsBoundary": "arn:iam:vectorkeep-ci-boundary" } },
    }),
  ]);
  expect(withAction(/^iam:PassRole/)).toEqual([
    expect.objectContaining({ Condition: { StringEquals: { "iam:PassedToService": [...roleServices] } } }),
  ]);
  expect(withAction(/DeleteRolePermissionsBoundary|PolicyVersion|CreatePolicy|User|AccessKey/)).toEqual([]);
});

test("a deployment makes roles of the product only, and changes neither its own, the boundary nor the provider", () => {
  const statements = policyOf("vectorkeep-ci-deploy").filter(({ Action }) =>
    Action.some((action) => action.startsWith("iam:")),
  );
  const allowed = statements.filter(({ Effect }) => Effect === "Allow").flatMap(({ Resource }) => Resource);
  expect([...new Set(allowed)]).toEqual([
    "arn:aws:iam::000000000000:role/vectorkeep-*",
    "arn:aws:iam::000000000000:instance-profile/vectorkeep-*",
    "arn:aws:iam::000000000000:role/aws-service-role/*",
  ]);
  expect(statements).toContainEqual({
    Effect: "Deny",
    Action: ["iam:*"],
    Resource: [
      "arn:aws:iam::000000000000:role/vectorkeep-ci-*",
      "arn:aws:iam::000000000000:policy/vectorkeep-ci-*",
      "arn:iam:github",
    ],
  });
});

test("a repository that is not ORG/REPO is refused", async () => {
  const wanted = { stack: "account", config: { ...config, "ci:repository": "example/*" }, secrets: {} };
  await expect(deploy(continuousIntegration, wanted)).rejects.toThrow(/ci:repository is ORG\/REPO/);
});
