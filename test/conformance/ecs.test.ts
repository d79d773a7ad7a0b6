import { mkdirSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { niceness } from "../../local/processes/background.ts";
import { TestAws } from "./local-aws.ts";

jest.setTimeout(60_000);

let aws: TestAws;

beforeEach(async () => {
  aws = await TestAws.start();
});

afterEach(() => aws.stop());

/** A service of one task that runs the program. */
async function createService(name: string, code: string, stopTimeout: number): Promise<void> {
  const context = join(aws.folder, "contexts", name);
  mkdirSync(context, { recursive: true });
  writeFileSync(join(context, "main.mjs"), code);
  const role = await aws.create("aws:iam/role:Role", name, {
    assumeRolePolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ecs-tasks.amazonaws.com" } },
      ],
    }),
  });
  await aws.create("aws:iam/rolePolicy:RolePolicy", name, {
    role: role.id,
    policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: "*" }],
    }),
  });
  await aws.create("aws:cloudwatch/logGroup:LogGroup", name, { name: `/tasks/${name}` });
  const image = await aws.create("awsx:ecr:Image", name, { repositoryUrl: `registry/${name}`, context });
  const task = await aws.create("aws:ecs/taskDefinition:TaskDefinition", name, {
    family: name,
    executionRoleArn: role.arn,
    taskRoleArn: role.arn,
    containerDefinitions: JSON.stringify([
      {
        name,
        image: image.imageUri,
        stopTimeout,
        logConfiguration: {
          logDriver: "awslogs",
          options: { "awslogs-group": `/tasks/${name}`, "awslogs-stream-prefix": name },
        },
      },
    ]),
  });
  await aws.create("aws:ecs/service:Service", name, { name, taskDefinition: task.arn });
}

test("a task that does not end on SIGTERM is killed after its container's stopTimeout", async () => {
  const notes = aws.notes("stubborn");
  const program = `${notes.source}
process.on("SIGTERM", () => {});
setInterval(() => {}, 1_000);
note("up");`;
  await createService("stubborn", program, 3);
  await aws.run();
  await notes.atLeast(1);
  const began = performance.now();
  await aws.stop();
  const took = performance.now() - began;
  expect(took).toBeGreaterThan(2_900);
  expect(took).toBeLessThan(10_000);
});

test("a task that works in bulk makes way for those on the way to a search", async () => {
  const notes = aws.notes("bulk");
  const program = `import { getPriority } from "node:os";
${notes.source}
note(getPriority());
setInterval(() => {}, 1_000);`;
  await createService("bulk-worker", program, 3);
  await aws.run();
  expect(await notes.atLeast(1)).toEqual([getPriority() + niceness]);
});

test("Fargate refuses a stopTimeout of more than two minutes", async () => {
  await expect(createService("slow-stop", "", 121)).rejects.toThrow(/slow-stop .*stopTimeout/);
});
