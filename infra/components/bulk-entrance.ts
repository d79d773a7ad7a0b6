import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import type { Network } from "./network.ts";

const https = 443;

export interface BulkEntranceArgs {
  readonly settings: Settings["bulk"];
  readonly network: Network;
  /** The security group of the API's tasks or machines. */
  readonly apiGroup: aws.ec2.SecurityGroup;
}

/**
 * The load balancer of the bulk API, with HTTPS if there is a certificate, and a WAF with rate limits per key and
 * address. Callers come from the VPC and from the ranges in the settings.
 */
export class BulkEntrance extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;
  readonly listener: aws.lb.Listener;
  readonly targets: aws.lb.TargetGroup;

  constructor(name: string, args: BulkEntranceArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:BulkEntrance", name, {}, options);
    const inside = { parent: this };
    const { settings, network, apiGroup } = args;
    const { certificateArn, allowedCidrs, port: ownPort } = settings;
    const { placement } = network;
    const port = certificateArn === undefined ? ownPort : https;
    const isPublic = allowedCidrs.length > 0;
    const group = network.group(`${name}-balancer`, "Load balancer of the bulk API");
    network.letIn(`${name}-into-balancer`, group, { cidrIpv4: placement.cidr }, port);
    for (const [index, cidrIpv4] of allowedCidrs.entries()) {
      network.letIn(`${name}-callers-${index + 1}`, group, { cidrIpv4 }, port);
    }
    network.letOut(`${name}-to-api`, group, { referencedSecurityGroupId: apiGroup.id }, ownPort);
    network.letIn(`${name}-into-api`, apiGroup, { referencedSecurityGroupId: group.id }, ownPort);
    const balancer = new aws.lb.LoadBalancer(
      shortened(name),
      {
        internal: !isPublic,
        loadBalancerType: "application",
        securityGroups: [group.id],
        subnets: [...(isPublic ? placement.taskSubnetIds : network.subnetIds)],
        dropInvalidHeaderFields: true,
      },
      inside,
    );
    this.targets = new aws.lb.TargetGroup(
      shortened(name),
      {
        vpcId: placement.vpcId,
        targetType: settings.host === "ec2" ? "instance" : "ip",
        protocol: "HTTP",
        port: ownPort,
        deregistrationDelay: 30,
        // A task that answers is alive; replacing it would not bring back a table or a broker.
        healthCheck: { path: "/api/v1/health", matcher: "200,503", interval: 15, timeout: 5 },
      },
      inside,
    );
    this.listener = new aws.lb.Listener(
      name,
      {
        loadBalancerArn: balancer.arn,
        port,
        defaultActions: [{ type: "forward", targetGroupArn: this.targets.arn }],
        ...(certificateArn === undefined
          ? { protocol: "HTTP" }
          : { protocol: "HTTPS", certificateArn, sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06" }),
      },
      inside,
    );
    this.limited(name, balancer, settings);
    const scheme = certificateArn === undefined ? "http" : "https";
    this.url = pulumi.interpolate`${scheme}://${balancer.dnsName}${port === https ? "" : `:${port}`}`;
    this.registerOutputs();
  }

  private limited(
    name: string,
    balancer: aws.lb.LoadBalancer,
    { requestsPerFiveMinutes }: Settings["bulk"],
  ): void {
    const inside = { parent: this };
    const metric = (metricName: string) => ({
      cloudwatchMetricsEnabled: true,
      sampledRequestsEnabled: false,
      metricName,
    });
    const key = { header: { name: "x-api-key", textTransformations: [{ priority: 0, type: "NONE" }] } };
    const acl = new aws.wafv2.WebAcl(
      name,
      {
        scope: "REGIONAL",
        defaultAction: { allow: {} },
        rules: [
          {
            name: "per-key",
            priority: 1,
            action: { block: { customResponse: { responseCode: 429 } } },
            statement: {
              rateBasedStatement: {
                limit: requestsPerFiveMinutes,
                evaluationWindowSec: 300,
                aggregateKeyType: "CUSTOM_KEYS",
                customKeys: [key],
              },
            },
            visibilityConfig: metric(`${name}-per-key`),
          },
          {
            name: "per-address",
            priority: 2,
            action: { block: { customResponse: { responseCode: 429 } } },
            statement: {
              rateBasedStatement: {
                limit: requestsPerFiveMinutes,
                evaluationWindowSec: 300,
                aggregateKeyType: "IP",
              },
            },
            visibilityConfig: metric(`${name}-per-address`),
          },
        ],
        visibilityConfig: metric(name),
      },
      inside,
    );
    new aws.wafv2.WebAclAssociation(name, { resourceArn: balancer.arn, webAclArn: acl.arn }, inside);
  }
}

/** Names of load balancers have at most 32 characters, of which Pulumi adds eight. */
function shortened(name: string): string {
  return name.slice(0, 24).replace(/-$/, "");
}
