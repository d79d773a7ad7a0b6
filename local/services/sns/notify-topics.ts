import { accountId, region } from "../../protocol/account.ts";
import type { Notify } from "../cloudwatch/alarms.ts";
import { publishTo, type SnsWire } from "./sns-service.ts";

/** Publishes each change of an alarm's state to the topics that the alarm names, in CloudWatch's own words. */
export function notifyTopics(fauxqs: SnsWire): Notify {
  return (change, { definition, arn }, actions) => {
    const message = JSON.stringify({
      AlarmName: change.alarmName,
      AlarmDescription: definition.AlarmDescription ?? null,
      AWSAccountId: accountId,
      NewStateValue: change.to,
      NewStateReason: change.reason,
      StateChangeTime: new Date(change.at).toISOString(),
      Region: region,
      AlarmArn: arn,
      OldStateValue: change.from,
    });
    const subject = `${change.to}: "${change.alarmName}"`;
    for (const topic of actions.filter((action) => action.startsWith("arn:aws:sns:"))) {
      publishTo(fauxqs, topic, subject, message).catch((error: unknown) => {
        console.error(`The alarm ${change.alarmName} could not notify ${topic}.`, error);
      });
    }
  };
}
