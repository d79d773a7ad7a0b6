import type { LocalService } from "../endpoint/service.ts";
import { CloudWatch } from "./cloudwatch/cloudwatch.ts";
import { cloudwatchService } from "./cloudwatch/cloudwatch-service.ts";
import { notifyTopics } from "./cloudwatch/notify-topics.ts";
import { dynamodbService } from "./dynamodb/dynamodb-service.ts";
import { startFauxqs } from "./fauxqs.ts";
import type { LogStore } from "./logs/log-store.ts";
import { logsService } from "./logs/logs-service.ts";
import { s3Service } from "./s3/s3-service.ts";
import { secretsManagerService } from "./secrets-manager/secrets-manager-service.ts";
import { snsService } from "./sns/sns-service.ts";
import { measureQueues } from "./sqs/queue-metrics.ts";
import { sqsService } from "./sqs/sqs-service.ts";
import { stsService } from "./sts/sts-service.ts";

/**
 * The services that hold data: fresh and empty, in this process. `logs` is shared with what writes logs directly, and
 * `cloudWatch` with what measures.
 */
export function dataServices(logs: LogStore, cloudWatch = new CloudWatch()): LocalService[] {
  const fauxqs = startFauxqs();
  cloudWatch.follow(logs);
  cloudWatch.addGauge(measureQueues(fauxqs.queues));
  cloudWatch.alarms.onChange(notifyTopics(fauxqs));
  return [
    { ...sqsService(fauxqs), close: fauxqs.close },
    s3Service(fauxqs),
    dynamodbService(),
    logsService(logs),
    cloudwatchService(cloudWatch),
    snsService(fauxqs),
    secretsManagerService(),
    stsService(),
  ];
}
