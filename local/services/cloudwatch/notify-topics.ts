import { accountId, region } from "../../endpoint/account.ts";
import type { Fauxqs } from "../fauxqs.ts";
import { publishTo } from "../sns/sns-service.ts";
import type { Notify } from "./alarms.ts";

/** Publishes each change of an alarm's state to the topics that the alarm names, in CloudWatch's own words. */
export function notifyTopics(fauxqs: Fauxqs): Notify {
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
