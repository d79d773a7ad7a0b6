import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";

/** Waiting jobs per worker that the scaling aims at: some minutes of work. */
const jobsPerWorker = 10;

export interface BulkScalingArgs {
  readonly cluster: aws.ecs.Cluster;
  readonly service: aws.ecs.Service;
  readonly settings: Pick<Settings["bulk"], "workers" | "maxWorkers">;
  readonly metricsNamespace: string;
}

/** Scales the workers with the jobs that wait per worker, which the API writes every minute. */
export function bulkScaling(
  name: string,
  { cluster, service, settings, metricsNamespace }: BulkScalingArgs,
  options: pulumi.CustomResourceOptions,
): void {
  const target = new aws.appautoscaling.Target(
    name,
    {
      serviceNamespace: "ecs",
      scalableDimension: "ecs:service:DesiredCount",
      resourceId: pulumi.interpolate`service/${cluster.name}/${service.name}`,
      minCapacity: settings.workers,
      maxCapacity: settings.maxWorkers,
    },
    options,
  );
  new aws.appautoscaling.Policy(
    name,
    {
      policyType: "TargetTrackingScaling",
      serviceNamespace: target.serviceNamespace,
      scalableDimension: target.scalableDimension,
      resourceId: target.resourceId,
      targetTrackingScalingPolicyConfiguration: {
        targetValue: jobsPerWorker,
        scaleOutCooldown: 60,
        // A worker that is stopped finishes its chunk first; a longer pause spares the next job a start.
        scaleInCooldown: 300,
        customizedMetricSpecification: {
          namespace: metricsNamespace,
          metricName: "BulkBacklogPerWorker",
          statistic: "Average",
          dimensions: [{ name: "service", value: "bulk" }],
        },
      },
    },
    options,
  );
}
