import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "./config.ts";

/**
 * Whether the stack still has the compaction task although the function is to replace it. Pulumi deletes after it updates, so
 * the function's mappings stay disabled in the deployment that deletes the task; otherwise both would compact for minutes.
 */
export async function workerRemains(name: string, { host }: Settings["compaction"]): Promise<boolean> {
  if (host === "ecs") return false;
  const { clusterArns } = await aws.ecs.getClusters();
  const remains = clusterArns.some((arn) => arn.endsWith(`:cluster/${name}`));
  if (remains) {
    await pulumi.log.warn(
      `This deployment deletes the ECS task ${name} and leaves the compaction function disabled. ` +
        "Run `pulumi up` again once it is done: that enables the function. Messages wait in their queues meanwhile.",
    );
  }
  return remains;
}
