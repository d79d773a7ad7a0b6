import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type StackOutputs, stackOutputs } from "../cli/target.ts";
import { LocalBroker } from "./broker/local-broker.ts";
import { localConfiguration } from "./configuration.ts";
import { deploy } from "./deploy.ts";
import type { EmbeddingsUsage } from "./embeddings/server.ts";
import { administratorKey } from "./iam/iam.ts";
import { saveKeptState, takeKeptState } from "./kept/kept-state.ts";
import { type LocalAwsVariations, startLocalAws } from "./local-aws.ts";
import { checkFree, freePort } from "./ports.ts";
import { region } from "./protocol/account.ts";
import { ownPorts, type Providers, startProviders } from "./providers/providers.ts";

/** Settings with the port of an ECS service. */
const servicePorts = ["query:port", "bulk:port"] as const;

export interface LocalStackOptions extends LocalAwsVariations {
  /** The port of the endpoint; 0 selects a free one. */
  readonly port: number;
  /** Ports of everything else that listens, instead of those in Pulumi.local.yaml. */
  readonly ports?: Readonly<Record<string, string>>;
  /**
   * Changes to Pulumi.local.yaml. `query:port` 0 selects a free port, as does port 0 in the base URL of a provider. A
   * base URL with another port is an external server, so the stack starts none.
   */
  readonly config?: Readonly<Record<string, string>>;
  /** Instead of those made up for this run: `embedding:apiKey`, `query:apiKey`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The folder of everything that the stack writes. It is deleted at the start unless `keep` is set. */
  readonly stateFolder: string;
  /** Continues the last stack of the folder with its saved state, if there is one. */
  readonly keep?: boolean;
  /** Whether to save the state for a later stack when this one stops. */
  readonly save?: boolean;
}

export interface LocalStack {
  /** URL of the local AWS. */
  readonly endpoint: string;
  readonly outputs: LocalOutputs;
  /** Variables under which the AWS SDK and CLI reach the stack as its administrator. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it continues an earlier stack with its saved state. */
  readonly continued: boolean;
  /** The broker program of the bulk API; undefined if the stack runs none. */
  readonly broker: string | undefined;
  /** Requests that the embeddings server has answered; undefined if the stack started none. */
  readonly embeddingsUsage: Readonly<EmbeddingsUsage> | undefined;
  /** Errors that no caller received, such as a mapping without the permission to poll. */
  readonly problems: readonly string[];
  /** Processes of a function, by its name. */
  functionProcesses(functionName: string): number[];
  /** Folder of an EFS file system, by its id. */
  fileSystemFolder(fileSystemId: string): string;
  /** Resolves when every process of the stack is gone. */
  stop(): Promise<void>;
}

export type LocalOutputs = StackOutputs;

/**
 * Starts the local AWS and the providers' servers, deploys infra/program.ts as the stack `local`, and then starts
 * mappings and services. Stops everything after a failure. Throws PortInUseError, DeploymentFailedError,
 * StateNotSavedError and configuration errors.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const defaults = { ...(await localConfiguration()), ...options.ports };
  const config: Record<string, string> = { ...defaults, ...options.config };
  for (const setting of servicePorts) if (config[setting] === "0") config[setting] = String(await freePort());
  const ports = ownPorts(config, defaults);
  // Checked before anything is deleted, because a running stack may own the folder.
  await checkFree([
    options.port,
    ...ports.values(),
    ...servicePorts.map((setting) => Number(config[setting] ?? 0)),
  ]);
  const stateFolder = resolve(options.stateFolder);
  const kept = options.keep ? await takeKeptState(stateFolder) : undefined;
  if (!options.keep) await rm(stateFolder, { recursive: true, force: true });
  await mkdir(stateFolder, { recursive: true });
  const secrets = { ...newSecrets(), ...kept?.secrets };
  const aws = await startLocalAws(options.port, stateFolder, kept?.parts, options);
  let providers: Providers | undefined;
  let broker: LocalBroker | undefined;
  let deployed = false;
  const stop = async () => {
    const parts = await aws.stop();
    await providers?.close();
    await broker?.stop();
    // A stack that did not start restores the saved state that it was started from.
    const state = deployed ? { parts, secrets } : kept;
    if (state !== undefined && (options.save || !deployed)) await saveKeptState(stateFolder, state);
  };
  try {
    providers = await startProviders(ports, config);
    Object.assign(config, providers.baseUrls);
    const given = { ...secrets, ...options.secrets };
    if (config["bulk:enabled"] === "true" && given["bulk:redisUrl"] === undefined) {
      broker = await LocalBroker.start(join(stateFolder, "broker"));
      given["bulk:redisUrl"] = broker.url;
    }
    const outputs = await deploy({ plain: config, secrets: given }, aws.deployment);
    deployed = true;
    aws.run();
    return {
      endpoint: aws.url,
      outputs: stackOutputs.parse(outputs),
      environment: {
        AWS_ENDPOINT_URL: aws.url,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: administratorKey,
        AWS_SECRET_ACCESS_KEY: administratorKey,
      },
      continued: kept !== undefined,
      broker: broker?.name,
      embeddingsUsage: providers.embeddingsUsage,
      problems: aws.problems,
      functionProcesses: (name) => aws.deployment.functions.find(name)?.pids ?? [],
      fileSystemFolder: (id) => join(aws.fileSystemsFolder, id),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** These secrets only apply to this run: the servers accept any key. */
function newSecrets(): Record<string, string> {
  return {
    "embedding:apiKey": `local-${randomBytes(12).toString("hex")}`,
    "query:apiKey": `local-${randomBytes(12).toString("hex")}`,
    "catchup:apiKey": `local-${randomBytes(12).toString("hex")}`,
    "images:anthropicApiKey": `local-${randomBytes(12).toString("hex")}`,
    "images:openAiApiKey": `local-${randomBytes(12).toString("hex")}`,
    "images:voyageApiKey": `local-${randomBytes(12).toString("hex")}`,
    "images:otlpHeaders": `x-api-key=local-${randomBytes(12).toString("hex")}`,
    "catchup:pineconeApiKey": `local-${randomBytes(12).toString("hex")}`,
    "catchup:metabaseApiKey": `local-${randomBytes(12).toString("hex")}`,
    "merchants:placesApiKey": `local-${randomBytes(12).toString("hex")}`,
    "bulk:apiKey": `local-${randomBytes(12).toString("hex")}`,
  };
}
