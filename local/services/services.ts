import type { LocalService } from "../endpoint/service.ts";
import { dynamodbService } from "./dynamodb/dynamodb-service.ts";
import { startFauxqs } from "./fauxqs.ts";
import type { LogStore } from "./logs/log-store.ts";
import { logsService } from "./logs/logs-service.ts";
import { s3Service } from "./s3/s3-service.ts";
import { secretsManagerService } from "./secrets-manager/secrets-manager-service.ts";
import { sqsService } from "./sqs/sqs-service.ts";
import { stsService } from "./sts/sts-service.ts";

/** The services that hold data: fresh and empty, in this process. `logs` is shared with what writes logs directly. */
export function dataServices(logs: LogStore): LocalService[] {
  const fauxqs = startFauxqs();
  return [
    { ...sqsService(fauxqs), close: fauxqs.close },
    s3Service(fauxqs),
    dynamodbService(),
    logsService(logs),
    secretsManagerService(),
    stsService(),
  ];
}
