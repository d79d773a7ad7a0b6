import { execFile } from "node:child_process";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import * as engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import * as engine from "@pulumi/pulumi/proto/engine_pb.js";
import * as monitorServices from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import * as monitor from "@pulumi/pulumi/proto/resource_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { madeUp } from "./deploy.ts";

const root = join(import.meta.dirname, "../../..");

type Properties = Record<string, JavaScriptValue>;

export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly parent: string;
  readonly inputs: Properties;
  readonly dependencies: readonly string[];
  /** Whether the engine would refuse to delete or replace it. */
  readonly protect: boolean;
}

export interface Run {
  readonly registered: readonly Registered[];
  readonly outputs: Properties;
  /** Warnings and errors, as the program's user reads them. */
  readonly messages: readonly string[];
  readonly exitCode: number;
}

/**
 * Runs this project as the Pulumi CLI does: in a process of its own, by the SDK's runner, which speaks gRPC with an
 * engine. This engine registers everything and makes nothing; look-ups are answered by `found`, by their token.
 */
export async function runByPulumi(
  stack: string,
  config: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
  found: Readonly<Record<string, Properties>>,
): Promise<Run> {
  const registered: Registered[] = [];
  const messages: string[] = [];
  const stackOutputs: Properties[] = [];
  const server = new grpc.Server();
  server.addService(serviceOf(monitorServices), {
    supportsFeature: unary(() => new monitor.SupportsFeatureResponse().setHassupport(true)),
    invoke: unary((request: monitor.ResourceInvokeRequest) =>
      new monitor.ResourceInvokeResponse().setReturn(Struct.fromJavaScript(found[request.getTok()] ?? {})),
    ),
    registerResource: unary((request: monitor.RegisterResourceRequest) => {
      const one = read(request, stack);
      registered.push(one);
      const state = { ...one.inputs, ...madeUp(one.type, one.name, one.inputs) };
      return new monitor.RegisterResourceResponse()
        .setUrn(one.urn)
        .setId(request.getCustom() ? `${one.name}-id` : "")
        .setObject(Struct.fromJavaScript(request.getCustom() ? state : one.inputs));
    }),
    registerResourceOutputs: unary((request: monitor.RegisterResourceOutputsRequest) => {
      if (request.getUrn().includes("pulumi:pulumi:Stack"))
        stackOutputs.push(propertiesOf(request.getOutputs()));
      return new Empty();
    }),
    signalAndWaitForShutdown: unary(() => new Empty()),
  });
  server.addService(serviceOf(engineServices), {
    log: unary((request: engine.LogRequest) => {
      if (request.getSeverity() >= engine.LogSeverity.WARNING) messages.push(request.getMessage());
      return new Empty();
    }),
    getRootResource: unary(() => new engine.GetRootResourceResponse()),
    setRootResource: unary(() => new engine.SetRootResourceResponse()),
  });
  try {
    const exitCode = await runner(
      await listen(server),
      stack,
      { ...config, ...secrets },
      Object.keys(secrets),
    );
    return { registered, outputs: stackOutputs.at(-1) ?? {}, messages, exitCode };
  } finally {
    server.forceShutdown();
  }
}

/** Pulumi's own entry point of a Node program; the CLI's language host starts the same one. */
function runner(port: number, stack: string, config: Readonly<Record<string, string>>, secretKeys: string[]) {
  const address = `127.0.0.1:${port}`;
  const script = join(root, "node_modules/@pulumi/pulumi/cmd/run/index.js");
  const options = [`--monitor=${address}`, `--engine=${address}`, "--project=vectorkeep", `--stack=${stack}`];
  const environment = {
    PATH: process.env.PATH,
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secretKeys),
    PULUMI_NODEJS_TYPESCRIPT: "false",
  };
  return new Promise<number>((resolve) => {
    execFile(process.execPath, [script, ...options, `--pwd=${root}`, "."], { env: environment }).once(
      "exit",
      (code) => resolve(code ?? 1),
    );
  });
}

function read(request: monitor.RegisterResourceRequest, stack: string): Registered {
  const [type, name] = [request.getType(), request.getName()];
  return {
    type,
    name,
    urn: `urn:pulumi:${stack}::vectorkeep::${type}::${name}`,
    parent: request.getParent(),
    inputs: propertiesOf(request.getObject()),
    dependencies: request.getDependenciesList(),
    protect: request.getProtect() === true,
  };
}

function propertiesOf(struct: Struct | undefined): Properties {
  return struct?.toJavaScript() ?? {};
}

function unary<Request>(answer: (request: Request) => unknown): grpc.handleUnaryCall<Request, unknown> {
  return (call, callback) => callback(null, answer(call.request));
}

/** The generated modules hold the definitions of their services, which their types leave out. */
function serviceOf(module: object): grpc.ServiceDefinition {
  const name = Object.keys(module).find((key) => key.endsWith("Service")) ?? "";
  return (module as Record<string, grpc.ServiceDefinition>)[name] ?? {};
}

function listen(server: grpc.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}
