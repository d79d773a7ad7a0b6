import { CreateLogGroupCommand, PutRetentionPolicyCommand } from "@aws-sdk/client-cloudwatch-logs";
import { z } from "zod";
import { accountId, region } from "../../protocol/account.ts";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

const logGroup = z.object({ name: z.string().optional(), retentionInDays: z.number().optional() });

export const logsCreators: Creators = {
  async "aws:cloudwatch/logGroup:LogGroup"({ name, inputs }, { logs }) {
    const { name: given, retentionInDays } = parseInputs(logGroup, inputs);
    const logGroupName = physicalName(given, name);
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    if (retentionInDays !== undefined) {
      await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }));
    }
    const arn = `arn:aws:logs:${region}:${accountId}:log-group:${logGroupName}`;
    return { id: logGroupName, outputs: { name: logGroupName, arn } };
  },
};
