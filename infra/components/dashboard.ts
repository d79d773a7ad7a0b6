import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { MeasuredService, MetricOf } from "../../contract/metrics.ts";
import type { BundledFunction } from "./bundled-function.ts";

export interface DashboardArgs {
  /** Each is one row of graphs, in this order. */
  readonly flows: readonly Flow[];
  /** The namespace of the metrics that functions write into their logs. */
  readonly metricsNamespace: string;
}

/** A data flow and the resources on it. */
export interface Flow {
  readonly title: string;
  readonly functions: Readonly<Record<string, BundledFunction>>;
  /**
   * Functions for which only errors have alarms, because their callers or queues show throttles and slow invocations.
   * @default none
   */
  readonly background?: Readonly<Record<string, BundledFunction>>;
  readonly queues: Readonly<Record<string, aws.sqs.Queue>>;
  readonly deadLetters: Readonly<Record<string, aws.sqs.Queue>>;
  /** Metrics that the flow's functions write, by `service`. */
  readonly counts: { readonly [Service in MeasuredService]?: readonly MetricOf<Service>[] };
  /** One metric in percent of another. @default none */
  readonly rate?: RateOf<MeasuredService>;
  /** @default none */
  readonly machine?: aws.sfn.StateMachine;
}

interface RateOf<Service extends MeasuredService> {
  readonly title: string;
  readonly service: Service;
  readonly part: MetricOf<Service>;
  readonly whole: MetricOf<Service>;
}

/** A metric in CloudWatch's dashboard syntax: namespace, name, dimensions in pairs, rendering options. */
type Metric = readonly (string | Readonly<Record<string, string | boolean>>)[];

interface Graph {
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly stat: string;
}

const columns = 24;
const height = 6;

/** A dashboard of every data flow of the stack (3 USD per month). */
export class Dashboard extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: DashboardArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Dashboard", name, {}, options);
    const dashboardName = name.replace(/-dashboard$/, "");
    const { region } = aws.getRegionOutput();
    const body = pulumi.all([
      pulumi.output(args.flows.map((flow) => graphsOf(flow, args.metricsNamespace))),
      region,
    ]);
    const dashboard = new aws.cloudwatch.Dashboard(
      name,
      {
        dashboardName,
        dashboardBody: body.apply(([rows, inRegion]) =>
          JSON.stringify({
            widgets: rows.flatMap((graphs, row) => laidOut(graphs as Graph[], row, inRegion)),
          }),
        ),
      },
      { parent: this },
    );
    this.name = dashboard.dashboardName;
    this.registerOutputs();
  }
}

/** Invocations, duration, queue depth, errors and results. Pulumi fills in the names. */
function graphsOf(flow: Flow, namespace: string): pulumi.Input<Graph>[] {
  const functions = Object.entries({ ...flow.functions, ...flow.background });
  const ofFunctions = (metric: string) =>
    functions.map(
      ([
        label,
        {
          function: { name },
        },
      ]) => ["AWS/Lambda", metric, "FunctionName", name, { label }],
    );
  const ofQueues = (queues: Flow["queues"], metric: string) =>
    Object.entries(queues).map(([label, { name }]) => ["AWS/SQS", metric, "QueueName", name, { label }]);
  const executions = ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed"].flatMap((metric) =>
    flow.machine ? [["AWS/States", metric, "StateMachineArn", flow.machine.arn]] : [],
  );
  const counts = Object.entries(flow.counts).flatMap(([service, names]) =>
    names.map((count) => [namespace, count, "service", service]),
  );
  const graphs = [
    {
      title: `${flow.title}: invocations`,
      metrics: [...ofFunctions("Invocations"), ...executions],
      stat: "Sum",
    },
    { title: `${flow.title}: duration`, metrics: ofFunctions("Duration"), stat: "p99" },
    {
      title: `${flow.title}: queue depth and age`,
      metrics: [
        ...ofQueues(flow.queues, "ApproximateNumberOfMessagesVisible"),
        ...ofQueues(flow.deadLetters, "ApproximateNumberOfMessagesVisible"),
      ],
      stat: "Maximum",
    },
    {
      title: `${flow.title}: errors and throttles`,
      metrics: [...ofFunctions("Errors"), ...ofFunctions("Throttles")],
      stat: "Sum",
    },
    { title: `${flow.title}: results`, metrics: counts, stat: "Sum" },
    ...(flow.rate ? [rateGraph(flow.title, flow.rate, namespace)] : []),
  ];
  return graphs.filter(({ metrics }) => metrics.length > 0) as pulumi.Input<Graph>[];
}

function rateGraph(flow: string, rate: RateOf<MeasuredService>, namespace: string): Graph {
  const hidden = (name: string, id: string) => [
    namespace,
    name,
    "service",
    rate.service,
    { id, visible: false },
  ];
  return {
    title: `${flow}: ${rate.title}`,
    metrics: [
      [{ expression: "100 * part / whole", label: rate.title }],
      hidden(rate.part, "part"),
      hidden(rate.whole, "whole"),
    ],
    stat: "Sum",
  };
}

function laidOut(graphs: readonly Graph[], row: number, region: string): object[] {
  const width = Math.floor(columns / graphs.length);
  return graphs.map(({ title, metrics, stat }, position) => ({
    type: "metric",
    x: position * width,
    y: row * height,
    width,
    height,
    properties: { title, metrics, stat, region, period: 300, view: "timeSeries" },
  }));
}
