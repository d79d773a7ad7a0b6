import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { readSecret } from "../settings/secret.ts";

/** The time that an invocation waits for the collector. A slower request continues with the next invocation. */
const flushMs = 200;
const requestMs = 5_000;

export interface SpanExport {
  /** Sends the finished spans, for at most 200 ms. Never rejects. */
  flush(): Promise<void>;
}

/**
 * Exports the spans of this process to an OTLP/HTTP collector, as JSON. `headersSecret` is the name of the secret with
 * its headers, in the format of OTEL_EXPORTER_OTLP_HEADERS.
 */
export function registerExporter(url: string, service: string, headersSecret?: string): SpanExport {
  const headers = headersSecret === undefined ? {} : { headers: () => headersOf(headersSecret) };
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: requestMs, ...headers });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "service.namespace": "vectorkeep" }),
    // The collector samples; X-Ray's own sampling decision only applies to X-Ray.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return {
    async flush() {
      const { promise: isLate, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, flushMs);
      await Promise.race([provider.forceFlush().catch(() => undefined), isLate]);
      clearTimeout(timer);
    },
  };
}

/**
 * Parses `name=value,name=value`, each percent-encoded. Never rejects: without headers, the collector rejects the
 * spans.
 */
async function headersOf(secret: string): Promise<Record<string, string>> {
  const text = await readSecret(secret, "images:otlpHeaders").catch(() => "");
  const pairs = text.split(",").map((pair) => /^([^=]+)=(.*)$/.exec(pair) ?? []);
  return Object.fromEntries(
    pairs.flatMap(([, name, value]) =>
      name && value ? [[name.trim(), decodeURIComponent(value.trim())]] : [],
    ),
  );
}
