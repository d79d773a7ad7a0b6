import { startFauxqs } from "./fauxqs.ts";
import type { LocalService } from "./protocol/service.ts";
import { CloudWatch } from "./services/cloudwatch/cloudwatch.ts";
import { cloudwatchService } from "./services/cloudwatch/cloudwatch-service.ts";
import { dynamodbService } from "./services/dynamodb/dynamodb-service.ts";
import { Delivery, type InvokeFunction } from "./services/events/delivery.ts";
import { EventBus } from "./services/events/event-bus.ts";
import { eventsService } from "./services/events/events-service.ts";
import type { LogStore } from "./services/logs/log-store.ts";
import { logsService } from "./services/logs/logs-service.ts";
import type { Clusters } from "./services/rds-data/clusters.ts";
import { rdsDataService } from "./services/rds-data/rds-data-service.ts";
import { objectEvent } from "./services/s3/event-bridge.ts";
import { s3Service } from "./services/s3/s3-service.ts";
import { s3VectorsService } from "./services/s3-vectors/s3-vectors-service.ts";
import { Secrets } from "./services/secrets-manager/secrets.ts";
import { secretsManagerService } from "./services/secrets-manager/secrets-manager-service.ts";
import { notifyTopics } from "./services/sns/notify-topics.ts";
import { snsService } from "./services/sns/sns-service.ts";
import { measureQueues } from "./services/sqs/queue-metrics.ts";
import { sqsService } from "./services/sqs/sqs-service.ts";
import { stsService } from "./services/sts/sts-service.ts";

/** The dependencies that the data services share with other services. */
export interface DataServiceOptions {
  /** Shared with the services that write logs directly. */
  readonly logs: LogStore;
  /** Shared with the services that write metrics. */
  readonly cloudWatch?: CloudWatch;
  /** Shared with the service that creates databases. */
  readonly clusters: Clusters;
  /** Invokes the functions that are targets of EventBridge rules. @default there are none */
  readonly invoke?: InvokeFunction;
  /** Receives problems that no caller sees. */
  readonly report?: (problem: string) => void;
}

/** The services that hold data: fresh and empty, in this process; databases are in processes of their own. */
export function dataServices({
  logs,
  cloudWatch = new CloudWatch(),
  clusters,
  invoke,
  report = console.warn,
}: DataServiceOptions): LocalService[] {
  const fauxqs = startFauxqs();
  const secrets = new Secrets();
  const eventBus = new EventBus(new Delivery(fauxqs, invoke), cloudWatch, report);
  fauxqs.objects.onChange = (change) => eventBus.accept(objectEvent(change));
  cloudWatch.follow(logs);
  cloudWatch.addGauge(measureQueues(fauxqs.queues));
  cloudWatch.alarms.onChange(notifyTopics(fauxqs));
  return [
    { ...sqsService(fauxqs), close: fauxqs.close },
    s3Service(fauxqs),
    s3VectorsService(),
    dynamodbService(),
    logsService(logs),
    cloudwatchService(cloudWatch),
    snsService(fauxqs),
    eventsService(eventBus),
    secretsManagerService(secrets),
    rdsDataService(clusters, secrets),
    stsService(),
  ];
}
