import * as z from "zod";
import { jsonAction, jsonError, jsonInput, jsonReply } from "../../endpoint/json-protocol.ts";
import { AwsError, type LocalService, type Permission } from "../../protocol/service.ts";
import type { EventBus } from "./event-bus.ts";
import { putEvents, putEventsInput, requestEntries } from "./put-events.ts";
import { busArn, defaultBus, type Rule, ruleArn, type Target } from "./rule.ts";

const text = z.string().min(1);
const bus = { EventBusName: z.union([z.literal(defaultBus), z.literal(busArn(defaultBus))]).optional() };
const ofRule = { Name: text, ...bus };

const target = z.strictObject({
  Id: text,
  Arn: z.string().regex(/^arn:aws:(sqs|lambda):/, "is neither a queue nor a function"),
  DeadLetterConfig: z.strictObject({ Arn: z.string().startsWith("arn:aws:sqs:") }).optional(),
  RetryPolicy: z
    .strictObject({
      MaximumRetryAttempts: z.number().int().min(0).max(185).default(185),
      MaximumEventAgeInSeconds: z.number().int().min(60).max(86_400).default(86_400),
    })
    .default({ MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 }),
  SqsParameters: z.strictObject({ MessageGroupId: text }).optional(),
});

const inputs = {
  PutEvents: putEventsInput,
  PutRule: z.strictObject({
    ...ofRule,
    EventPattern: text,
    State: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
    Description: z.string().optional(),
    Tags: z.unknown().optional(),
  }),
  DescribeRule: z.strictObject(ofRule),
  EnableRule: z.strictObject(ofRule),
  DisableRule: z.strictObject(ofRule),
  DeleteRule: z.strictObject(ofRule),
  ListRules: z.strictObject({ ...bus, NamePrefix: z.string().default("") }),
  PutTargets: z.strictObject({ Rule: text, ...bus, Targets: z.array(target).min(1).max(5) }),
  RemoveTargets: z.strictObject({ Rule: text, ...bus, Ids: z.array(text).min(1) }),
  ListTargetsByRule: z.strictObject({ Rule: text, ...bus }),
} as const;

type Action = keyof typeof inputs;
type Actions = { [Name in Action]: (input: z.infer<(typeof inputs)[Name]>) => object };

/** Amazon EventBridge's default bus, with rules by pattern. */
export function eventsService(eventBus: EventBus): LocalService {
  const actions: Actions = {
    PutEvents: (input) => putEvents(eventBus, input),
    PutRule({ Name, EventPattern, State, Description }) {
      return { RuleArn: eventBus.putRule(Name, EventPattern, State === "ENABLED", Description).arn };
    },
    DescribeRule: ({ Name }) => describe(eventBus.existingRule(Name)),
    EnableRule: ({ Name }) => enable(eventBus.existingRule(Name), true),
    DisableRule: ({ Name }) => enable(eventBus.existingRule(Name), false),
    DeleteRule({ Name }) {
      eventBus.deleteRule(Name);
      return {};
    },
    ListRules: ({ NamePrefix }) => ({
      Rules: eventBus
        .rules()
        .filter(({ name }) => name.startsWith(NamePrefix))
        .map(describe),
    }),
    PutTargets({ Rule, Targets }) {
      const { targets } = eventBus.existingRule(Rule);
      for (const one of Targets) targets.set(one.Id, readTarget(one));
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    RemoveTargets({ Rule, Ids }) {
      const { targets } = eventBus.existingRule(Rule);
      for (const id of Ids) targets.delete(id);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    ListTargetsByRule: ({ Rule }) => ({
      Targets: [...eventBus.existingRule(Rule).targets.values()].map(describeTarget),
    }),
  };

  return {
    names: ["events"],
    permissions: (call) => permissions(knownAction(jsonAction(call)), jsonInput(call)),
    async handle(call) {
      const action = knownAction(jsonAction(call));
      const parsed = inputs[action].safeParse(jsonInput(call));
      if (!parsed.success) throw new AwsError(400, "ValidationException", z.prettifyError(parsed.error));
      return jsonReply(call, (actions[action] as (input: unknown) => object)(parsed.data));
    },
    renderError: (error, call) => jsonError(call, error),
    settle: () => eventBus.stop(),
  };
}

/** PutEvents needs its permission for each of its entries. */
function permissions(action: Action, input: Record<string, unknown>): Permission[] {
  if (action === "PutEvents") {
    return requestEntries(input).map(({ EventBusName = defaultBus, Source, DetailType }) => ({
      action: "events:PutEvents",
      resource: String(EventBusName).startsWith("arn:") ? String(EventBusName) : busArn(String(EventBusName)),
      context: { "events:source": String(Source), "events:detail-type": String(DetailType) },
    }));
  }
  const rule = String(input.Rule ?? input.Name ?? "*");
  return [{ action: `events:${action}`, resource: ruleArn(rule) }];
}

function knownAction(action: string): Action {
  if (action in inputs) return action as Action;
  throw new AwsError(400, "UnknownOperationException", `The local EventBridge does not have "${action}".`);
}

function enable(rule: Rule, enabled: boolean): object {
  rule.enabled = enabled;
  return {};
}

function describe({ name, arn, pattern, description, enabled }: Rule): object {
  return {
    Name: name,
    Arn: arn,
    EventPattern: pattern,
    Description: description,
    State: enabled ? "ENABLED" : "DISABLED",
    EventBusName: defaultBus,
  };
}

function readTarget({
  Id,
  Arn,
  DeadLetterConfig,
  RetryPolicy,
  SqsParameters,
}: z.infer<typeof target>): Target {
  return {
    Id,
    Arn,
    deadLetterArn: DeadLetterConfig?.Arn,
    maxRetries: RetryPolicy.MaximumRetryAttempts,
    maxAgeSeconds: RetryPolicy.MaximumEventAgeInSeconds,
    messageGroupId: SqsParameters?.MessageGroupId,
  };
}

function describeTarget({ Id, Arn, deadLetterArn, maxRetries, maxAgeSeconds }: Target): object {
  return {
    Id,
    Arn,
    ...(deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: deadLetterArn } }),
    RetryPolicy: { MaximumRetryAttempts: maxRetries, MaximumEventAgeInSeconds: maxAgeSeconds },
  };
}
