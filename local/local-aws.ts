import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { ProxyInvoker } from "./api-gateway/proxy-invoker.ts";
import { RestApis } from "./api-gateway/rest-apis.ts";
import { UserRequests } from "./api-gateway/user-requests.ts";
import { dataServices } from "./data-services.ts";
import { type Endpoint, startEndpoint } from "./endpoint/endpoint.ts";
import { fencedInBackground } from "./endpoint/fence.ts";
import { type FrontInThread, startFrontInThread } from "./endpoint/front-in-thread.ts";
import { Iam } from "./iam/iam.ts";
import type { KeptParts } from "./kept/kept-state.ts";
import { Functions } from "./lambda/functions.ts";
import { RolePlatform } from "./lambda/role-platform.ts";
import { RuntimeApi } from "./lambda/runtime-api.ts";
import { Mappings } from "./mappings/mappings.ts";
import { Deployment } from "./monitor/deployment.ts";
import type { LocalService } from "./protocol/service.ts";
import { Schedules } from "./schedules/schedules.ts";
import { CloudWatch } from "./services/cloudwatch/cloudwatch.ts";
import { ec2Service } from "./services/ec2/ec2-service.ts";
import { SecurityGroups } from "./services/ec2/security-groups.ts";
import { efsService } from "./services/efs/efs-service.ts";
import { FileSystems } from "./services/efs/file-systems.ts";
import { ruleInvoker } from "./services/events/rule-invoker.ts";
import { lambdaService } from "./services/lambda/lambda-service.ts";
import { LogStore } from "./services/logs/log-store.ts";
import { Clusters } from "./services/rds-data/clusters.ts";
import { StepFunctions } from "./step-functions/step-functions.ts";

/** The services of the local AWS behind one endpoint, empty until something is deployed. */
export interface LocalAws {
  readonly url: string;
  /** The endpoint of S3 that takes large objects. */
  readonly objectsUrl: string;
  readonly deployment: Deployment;
  readonly fileSystemsFolder: string;
  /** Also written to `problems.log` in the state folder. */
  readonly problems: readonly string[];
  /** Metrics and alarms, on a clock of their own. */
  readonly cloudWatch: CloudWatch;
  /** Lets the mappings poll and the schedules run, and starts the services' tasks. */
  run(): void;
  /** Resolves, when every process has ended, to the state that a later stack can continue with. */
  stop(): Promise<KeptParts>;
}

/** Variations of the local AWS for tests. */
export interface LocalAwsVariations {
  /** Wraps each AWS service, for tests with failing calls. */
  readonly around?: (service: LocalService) => LocalService;
  /** The duration of a schedule's minute in milliseconds, to shorten tests. @default 60,000 */
  readonly minuteMs?: number;
}

/** Restores each part of `kept` when the program declares its resource. Throws PortInUseError. */
export async function startLocalAws(
  port: number,
  stateFolder: string,
  kept: KeptParts = {},
  { around = (service) => service, minuteMs }: LocalAwsVariations = {},
): Promise<LocalAws> {
  const problems: string[] = [];
  const iam = new Iam();
  const runtimeApi = new RuntimeApi();
  const cloudWatch = new CloudWatch();
  const platform = new RolePlatform({
    iam,
    runtimeApi,
    scratchFolder: join(stateFolder, "tmp"),
    metrics: cloudWatch,
    report(problem) {
      problems.push(problem);
      appendFileSync(join(stateFolder, "problems.log"), `${new Date().toISOString()} ${problem}\n`);
    },
  });
  const functions = new Functions(platform);
  const mappings = new Mappings(platform, functions);
  const schedules = new Schedules(platform, minuteMs);
  const logs = new LogStore();
  const stepFunctions = new StepFunctions(platform, functions, logs);
  const clusters = new Clusters(join(stateFolder, "rds"));
  const data = fencedInBackground("The data services failed", platform.report, () =>
    dataServices({
      logs,
      cloudWatch,
      clusters,
      invoke: ruleInvoker(functions),
      report: platform.report,
    }),
  );
  const fileSystemsFolder = join(stateFolder, "efs");
  const fileSystems = new FileSystems(fileSystemsFolder);
  const securityGroups = new SecurityGroups();
  const services = [
    ...data,
    efsService(fileSystems),
    ec2Service(securityGroups),
    lambdaService(functions, mappings),
    stepFunctions.service,
  ].map(around);
  const keepers = [mappings.keeper, ...services.flatMap(({ keeper }) => keeper ?? [])];
  for (const { name, restore } of keepers) if (name in kept) restore(kept[name]);
  const restApis = new RestApis();
  const unsigned = new UserRequests(restApis, new ProxyInvoker(functions, platform), iam);
  const endpoint = await startEndpoint({ port, services, iam, unsigned });
  const objects = await besidesEndpoint(endpoint, runtimeApi);
  platform.endpoint = endpoint.url;
  platform.objectsEndpoint = objects.url;
  const deployment = new Deployment({
    platform,
    functions,
    mappings,
    schedules,
    stepFunctions,
    restApis,
    iam,
    fileSystems,
    securityGroups,
    clusters,
    codeFolder: join(stateFolder, "code"),
  });
  return {
    url: endpoint.url,
    objectsUrl: objects.url,
    deployment,
    fileSystemsFolder,
    problems,
    cloudWatch,
    run() {
      const { report } = platform;
      fencedInBackground("CloudWatch failed", report, () => cloudWatch.start());
      fencedInBackground("The event source mappings failed", report, () => mappings.start());
      fencedInBackground("The schedules failed", report, () => schedules.start());
      fencedInBackground("The services' tasks failed", report, () => {
        for (const task of deployment.tasks) task.start();
      });
    },
    async stop() {
      await schedules.stop();
      await mappings.stopPolling();
      await stepFunctions.stop();
      await Promise.all(deployment.tasks.map((task) => task.stop()));
      await functions.stop();
      await mappings.settled();
      await Promise.all(services.map((service) => service.settle?.()));
      const parts = Object.fromEntries(keepers.map(({ name, save }) => [name, save()]));
      platform.destroyClients();
      deployment.destroyClients();
      await runtimeApi.close();
      await objects.close();
      await endpoint.close();
      return parts;
    },
  };
}

/** Starts everything else that listens. If one of them cannot start, stops the others. */
async function besidesEndpoint(endpoint: Endpoint, runtimeApi: RuntimeApi): Promise<FrontInThread> {
  try {
    const objects = await startFrontInThread(endpoint.replyTo);
    try {
      await runtimeApi.start();
      return objects;
    } catch (error) {
      await objects.close();
      throw error;
    }
  } catch (error) {
    await endpoint.close();
    throw error;
  }
}
