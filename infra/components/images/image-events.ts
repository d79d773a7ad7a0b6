import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { analysisCompleteEvent, imageExtensions, imageProcessedEvent } from "../../../contract/images.ts";
import { DeadLetterQueue } from "../dead-letter-queue.ts";
import { allow, type Statement } from "../permissions.ts";
import { RuleQueue } from "./rule-queue.ts";

/** With the back-off between them, the receives span most of a day. */
const maxReceiveCount = 50;
/** How long events can be replayed with `aws events start-replay`; the same as for dead letters. */
const archiveDays = 14;
const bus = "default";

export interface ImageEventsArgs {
  readonly images: aws.s3.Bucket;
  /** The timeout of the function that consumes each rule's events. */
  readonly consumerTimeoutSeconds: {
    readonly uploads: number;
    readonly analysis: number;
    readonly embedding: number;
  };
}

/** The events that lead an image from step to step: three rules with their queues, and an archive. */
export class ImageEvents extends pulumi.ComponentResource {
  readonly busName = bus;
  /** Events that EventBridge could not deliver. */
  readonly undelivered: aws.sqs.Queue;
  /** Changes of images. */
  readonly uploads: RuleQueue;
  /** Images with renditions. */
  readonly analysis: RuleQueue;
  /** Analyses of images. */
  readonly embedding: RuleQueue;

  /** @param name Of the image flow, in the singular. */
  constructor(name: string, args: ImageEventsArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:ImageEvents", name, {}, options);
    const { images, consumerTimeoutSeconds } = args;
    const undelivered = new DeadLetterQueue(
      `${name}-undelivered`,
      { fifo: false, senders: this.ruleArns(name).map((arn) => ({ arn })) },
      { parent: this },
    );
    this.undelivered = undelivered.queue;
    this.uploads = this.ruleQueue(`${name}-uploads`, consumerTimeoutSeconds.uploads, "Changes of images", {
      source: ["aws.s3"],
      "detail-type": ["Object Created", "Object Deleted"],
      detail: {
        bucket: { name: [images.bucket] },
        object: {
          key: imageExtensions.map((extension) => ({ suffix: { "equals-ignore-case": `.${extension}` } })),
        },
      },
    });
    this.analysis = this.ruleQueue(
      `${name}-analysis`,
      consumerTimeoutSeconds.analysis,
      "Images with renditions",
      {
        source: [imageProcessedEvent.source],
        "detail-type": [imageProcessedEvent.detailType],
        detail: { bucket: [images.bucket] },
      },
    );
    this.embedding = this.ruleQueue(
      `${name}-embedding`,
      consumerTimeoutSeconds.embedding,
      "Analyses of images",
      {
        source: [analysisCompleteEvent.source],
        "detail-type": [analysisCompleteEvent.detailType],
        detail: { bucket: [images.bucket] },
      },
    );
    this.archive(`${name}s`, images.bucket);
    this.registerOutputs();
  }

  /** Under its own source alone, so that no function can start a step that is not its next one. */
  putStatement(source: string): Statement {
    return {
      ...allow(["events:PutEvents"], [this.busArn()]),
      Condition: { StringEquals: { "events:source": source } },
    };
  }

  private busArn(): pulumi.Output<string> {
    return this.arnOf(`event-bus/${bus}`);
  }

  /** Built from names, because the rules' queues refer to this value. */
  private ruleArns(name: string): pulumi.Output<string>[] {
    return ["uploads", "analysis", "embedding"].map((rule) => this.arnOf(`rule/${name}-${rule}`));
  }

  private arnOf(resource: string): pulumi.Output<string> {
    const { accountId } = aws.getCallerIdentityOutput({}, { parent: this });
    const { region } = aws.getRegionOutput({}, { parent: this });
    return pulumi.interpolate`arn:aws:events:${region}:${accountId}:${resource}`;
  }

  /** Archives the events of all three rules. A replay is free of cost, because each step finds its earlier result. */
  private archive(name: string, bucket: pulumi.Output<string>): void {
    new aws.cloudwatch.EventArchive(
      name,
      {
        name,
        description: "Events of the image flow",
        eventSourceArn: this.busArn(),
        eventPattern: pulumi.jsonStringify({
          $or: [
            { source: ["aws.s3"], detail: { bucket: { name: [bucket] } } },
            {
              source: [imageProcessedEvent.source, analysisCompleteEvent.source],
              detail: { bucket: [bucket] },
            },
          ],
        }),
        retentionDays: archiveDays,
      },
      { parent: this },
    );
  }

  private ruleQueue(
    name: string,
    consumerTimeoutSeconds: number,
    description: string,
    pattern: pulumi.Input<object>,
  ): RuleQueue {
    const args = {
      description,
      pattern,
      consumerTimeoutSeconds,
      maxReceiveCount,
      undelivered: this.undelivered,
    };
    return new RuleQueue(name, args, { parent: this });
  }
}
