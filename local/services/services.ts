import type { LocalService } from "../endpoint/service.ts";
import { dynamodbService } from "./dynamodb/dynamodb-service.ts";
import { startFauxqs } from "./fauxqs.ts";
import { s3Service } from "./s3/s3-service.ts";
import { sqsService } from "./sqs/sqs-service.ts";

/** The services that hold data: fresh, empty, in this process. */
export function dataServices(): LocalService[] {
  const fauxqs = startFauxqs();
  return [{ ...sqsService(fauxqs), close: fauxqs.close }, s3Service(fauxqs), dynamodbService()];
}
