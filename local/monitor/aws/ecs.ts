import { z } from "zod";
import { ServiceTask } from "../../ecs/service-task.ts";
import type { Mount } from "../../lambda/function-definition.ts";
import { accountId, region } from "../../protocol/account.ts";
import { copyFolder } from "../code.ts";
import type { Deployment } from "../deployment.ts";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

const volumes = z.array(
  z.object({
    name: z.string(),
    efsVolumeConfiguration: z.object({
      fileSystemId: z.string(),
      authorizationConfig: z.object({ accessPointId: z.string() }).optional(),
    }),
  }),
);

const taskDefinition = z.object({
  family: z.string(),
  executionRoleArn: z.string(),
  taskRoleArn: z.string(),
  volumes: volumes.default([]),
  containerDefinitions: z.string(),
});

const containers = z.array(
  z.object({
    name: z.string(),
    image: z.string(),
    environment: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
    /** Fargate's maximum. */
    stopTimeout: z.number().int().min(2).max(120).default(30),
    mountPoints: z.array(z.object({ sourceVolume: z.string(), containerPath: z.string() })).default([]),
    logConfiguration: z.object({
      logDriver: z.literal("awslogs"),
      options: z.object({ "awslogs-group": z.string(), "awslogs-stream-prefix": z.string() }),
    }),
  }),
);

const service = z.object({
  name: z.string().optional(),
  taskDefinition: z.string(),
  desiredCount: z.number().int().min(0).default(1),
});
const image = z.object({ repositoryUrl: z.string(), context: z.string() });

type Container = z.infer<typeof containers>[number];

export const ecsCreators: Creators = {
  "aws:ecs/cluster:Cluster"({ name, inputs }) {
    const clusterName = physicalName(inputs.name, name);
    const arn = ecsArn(`cluster/${clusterName}`);
    return { id: arn, outputs: { name: clusterName, arn } };
  },

  "aws:ecs/taskDefinition:TaskDefinition"({ inputs }, { taskDefinitions }) {
    const wanted = parseInputs(taskDefinition, inputs);
    const arn = ecsArn(`task-definition/${wanted.family}:1`);
    taskDefinitions.set(arn, inputs);
    return { id: wanted.family, outputs: { arn, arnWithoutRevision: arn.replace(/:1$/, ""), revision: 1 } };
  },

  async "aws:ecs/service:Service"({ name, inputs }, deployment) {
    const wanted = parseInputs(service, inputs);
    const serviceName = physicalName(wanted.name, name);
    const task = parseInputs(taskDefinition, deployment.taskDefinitions.get(wanted.taskDefinition));
    const [container, ...others] = parseInputs(containers, JSON.parse(task.containerDefinitions));
    if (container === undefined || others.length > 0) throw new Error("a local task has one container");
    const definition = {
      name: serviceName,
      context: await imageFolder(container.image, deployment, serviceName),
      environment: Object.fromEntries(container.environment.map(({ name, value }) => [name, value])),
      stopSeconds: container.stopTimeout,
      mounts: mountsOf(container, task.volumes, deployment),
      taskRoleName: deployment.roles.assumedBy("ecs-tasks.amazonaws.com", task.taskRoleArn),
      executionRoleName: deployment.roles.assumedBy("ecs-tasks.amazonaws.com", task.executionRoleArn),
      log: {
        group: container.logConfiguration.options["awslogs-group"],
        streamPrefix: `${container.logConfiguration.options["awslogs-stream-prefix"]}/${container.name}`,
      },
    };
    for (let count = 0; count < wanted.desiredCount; count += 1) {
      deployment.tasks.push(new ServiceTask(definition, deployment.platform));
    }
    return { id: ecsArn(`service/${serviceName}`), outputs: { name: serviceName } };
  },

  "aws:ecr/repository:Repository"({ name, inputs }) {
    const repository = physicalName(inputs.name, name);
    return {
      id: repository,
      outputs: {
        name: repository,
        arn: `arn:aws:ecr:${region}:${accountId}:repository/${repository}`,
        registryId: accountId,
        repositoryUrl: `${accountId}.dkr.ecr.${region}.amazonaws.com/${repository}`,
      },
    };
  },

  /** Not built: the service runs the program in the folder that Docker would build from. */
  "awsx:ecr:Image"({ inputs }, { images }) {
    const { repositoryUrl, context } = parseInputs(image, inputs);
    const imageUri = `${repositoryUrl}:local`;
    images.set(imageUri, context);
    return { id: imageUri, outputs: { imageUri } };
  },
};

async function imageFolder(uri: string, { images, codeFolder }: Deployment, name: string): Promise<string> {
  const context = images.get(uri);
  if (context === undefined)
    throw new Error(`There is no image ${uri}: it has to come from an awsx.ecr.Image`);
  return copyFolder(context, codeFolder, name);
}

function mountsOf(
  container: Container,
  declared: z.infer<typeof volumes>,
  { fileSystems }: Deployment,
): Mount[] {
  return container.mountPoints.map(({ sourceVolume, containerPath }) => {
    const volume = declared.find(({ name }) => name === sourceVolume);
    if (volume === undefined) throw new Error(`The task has no volume ${sourceVolume}`);
    const { fileSystemId, authorizationConfig } = volume.efsVolumeConfiguration;
    return {
      path: containerPath,
      folder: fileSystems.mount(fileSystemId, authorizationConfig?.accessPointId),
    };
  });
}

function ecsArn(resource: string): string {
  return `arn:aws:ecs:${region}:${accountId}:${resource}`;
}
