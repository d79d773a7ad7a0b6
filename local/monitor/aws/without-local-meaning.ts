import { randomUUID } from "node:crypto";
import { accountId, region } from "../../protocol/account.ts";
import { cloudId, physicalName } from "../names.ts";
import type { Properties } from "../properties.ts";
import type { Created, Creator, Creators, Declared } from "../resource.ts";

/**
 * Resources that the local AWS accepts and that change nothing here, each named: networks (processes share one
 * loopback), encryption, lifecycles, and versions (a local stack does not live for days),
 * policies of buckets and file systems (the endpoint judges by the callers' own policies).
 */
export const creatorsWithoutLocalMeaning: Creators = {
  "aws:appautoscaling/policy:Policy": ({ name }) => ({ id: name }),
  "aws:appautoscaling/target:Target": ({ inputs }) => ({ id: String(inputs.resourceId) }),
  "aws:wafv2/webAcl:WebAcl": named("regional/webacl", "wafv2"),
  "aws:wafv2/webAclAssociation:WebAclAssociation": ({ inputs }) => ({ id: String(inputs.resourceArn) }),
  "aws:apigateway/account:Account": () => ({ id: "api-gateway-account" }),
  "aws:cloudwatch/eventArchive:EventArchive": named("archive", "events"),
  "aws:ec2/internetGateway:InternetGateway": numbered("igw"),
  "aws:ec2/route:Route": numbered("r"),
  "aws:ec2/routeTable:RouteTable": numbered("rtb"),
  "aws:ec2/routeTableAssociation:RouteTableAssociation": numbered("rtbassoc"),
  "aws:ec2/securityGroup:SecurityGroup": numbered("sg"),
  "aws:ec2/subnet:Subnet": numbered("subnet"),
  "aws:ec2/vpc:Vpc": numbered("vpc"),
  "aws:ec2/vpcEndpoint:VpcEndpoint": numbered("vpce", () => ({ prefixListId: cloudId("pl") })),
  "aws:kms/key:Key": key,
  /** Nothing balances: the one task listens on loopback, at the port of the listener. */
  "aws:lb/loadBalancer:LoadBalancer": named("loadbalancer/app", "elasticloadbalancing", () => ({
    dnsName: "127.0.0.1",
  })),
  "aws:lb/listener:Listener": named("listener/app", "elasticloadbalancing"),
  "aws:lb/targetGroup:TargetGroup": named("targetgroup", "elasticloadbalancing"),
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ofBucket,
  "aws:s3/bucketPolicy:BucketPolicy": ofBucket,
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ofBucket,
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ofBucket,
  "aws:s3/bucketVersioning:BucketVersioning": ofBucket,
};

function numbered(prefix: string, more: () => Properties = () => ({})): Creator {
  return () => {
    const id = cloudId(prefix);
    const kind = prefix === "sg" ? "security-group" : prefix;
    return { id, outputs: { arn: `arn:aws:ec2:${region}:${accountId}:${kind}/${id}`, ...more() } };
  };
}

function named(kind: string, service: string, more: () => Properties = () => ({})): Creator {
  return ({ name, inputs }) => {
    const physical = physicalName(inputs.name, name);
    const arn = `arn:aws:${service}:${region}:${accountId}:${kind}/${physical}`;
    return { id: arn, outputs: { arn, name: physical, ...more() } };
  };
}

function key(): Created {
  const id = randomUUID();
  return { id, outputs: { keyId: id, arn: `arn:aws:kms:${region}:${accountId}:key/${id}` } };
}

function ofBucket({ inputs }: Declared): Created {
  return { id: String(inputs.bucket) };
}
