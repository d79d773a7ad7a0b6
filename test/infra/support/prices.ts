/**
 * What AWS bills for a resource that does nothing, in USD a month of 730 hours: list prices of us-east-1 without free tiers, as of
 * June 2025, from https://aws.amazon.com/{privatelink,cloudwatch,secrets-manager,kms,sqs,lambda,eventbridge}/pricing/.
 */
export const idlePrices = {
  /** Of an interface endpoint: 0.01 USD per hour and zone. */
  endpointZone: 7.3,
  /** Of each metric that an alarm reads: one over an expression of two costs twice this. */
  alarm: 0.1,
  dashboard: 3,
  /** Of a metric that is written in any hour of the month. */
  metric: 0.3,
  secret: 0.4,
  key: 1,
  /** Per million requests. */
  queueRequests: 0.4,
  fifoQueueRequests: 0.5,
  lambdaRequests: 0.2,
  lambdaGibSeconds: 0.0000166667,
  schedulerInvocations: 1,
} as const;

/** A mapping keeps five long polls of 20 seconds open while its queue is empty. */
const pollsPerMonth = 5 * (60 / 20) * 60 * 730;

/** Resources that cost something while idle, by the name of their row in docs/cost.md. All others of a stack cost nothing then. */
export interface IdleStack {
  readonly endpointZones: number;
  /** Custom metrics that a sweep writes which finds nothing to do. */
  readonly sweeperMetrics: number;
  readonly sweepsPerHour: number;
  /** Lines as `aws:sqs:Queue::vectorkeep-dev-lines`. */
  readonly listing: readonly string[];
}

/** USD a month by row. */
export function idleCosts(stack: IdleStack): Record<string, number> {
  const count = (type: string) => stack.listing.filter((line) => line.startsWith(`${type}::`)).length;
  const mapped = stack.listing.filter((line) => line.startsWith("aws:lambda:EventSourceMapping::"));
  const fifo = mapped.filter((line) => /-compaction-(lines|words)|-fold$/.test(line)).length;
  const standard = mapped.filter((line) => line.endsWith("-embed")).length;
  return {
    "SQS endpoint": stack.endpointZones * idlePrices.endpointZone,
    Alarms: alarmMetrics(stack.listing) * idlePrices.alarm,
    Dashboard: count("aws:cloudwatch:Dashboard") * idlePrices.dashboard,
    "Metrics of the sweeper": stack.sweeperMetrics * idlePrices.metric,
    "Key of the alarm topic": count("aws:kms:Key") * idlePrices.key,
    Secrets: count("aws:secretsmanager:Secret") * idlePrices.secret,
    "Polling of empty queues":
      (pollsPerMonth / 1e6) * (standard * idlePrices.queueRequests + fifo * idlePrices.fifoQueueRequests),
    // A sweep of nothing takes about a second.
    Sweeps: scheduledCost(stack.sweepsPerHour, 1),
  };
}

/** A rate is an expression over two metrics. */
export function alarmMetrics(listing: readonly string[]): number {
  return listing
    .filter((line) => line.startsWith("aws:cloudwatch:MetricAlarm::"))
    .reduce((sum, line) => sum + (line.endsWith("-rate") ? 2 : 1), 0);
}

/** Of a watch over no task, a query that takes a tenth of a second; USD a month. */
export function idleWatchCost(watchesPerHour: number): number {
  return scheduledCost(watchesPerHour, 0.1);
}

/** Of a function of a quarter GiB. */
function scheduledCost(invocationsPerHour: number, seconds: number): number {
  const invocations = invocationsPerHour * 730;
  return (
    invocations * seconds * 0.25 * idlePrices.lambdaGibSeconds +
    (invocations / 1e6) * (idlePrices.lambdaRequests + idlePrices.schedulerInvocations)
  );
}

/** What work costs, in USD; from the pages above and https://aws.amazon.com/{api-gateway,dynamodb}/pricing/. */
const prices = {
  gatewayRequest: 3.5e-6,
  lambdaRequest: 0.2e-6,
  lambdaGibSecond: idlePrices.lambdaGibSeconds,
  dynamoWrite: 0.625e-6,
  dynamoRead: 0.125e-6,
  embeddedToken: 0.02e-6,
} as const;

/** A query of some ten tokens that one shard answers. */
export function searchCost(memoryMiB: number): number {
  const gibSeconds = 0.1 * (0.5 + memoryMiB / 1024);
  return (
    prices.gatewayRequest +
    2 * prices.lambdaRequest +
    gibSeconds * prices.lambdaGibSecond +
    10 * prices.embeddedToken +
    // The limiter books; the few tokens that a question was overestimated by stay booked.
    prices.dynamoWrite +
    prices.dynamoRead
  );
}
