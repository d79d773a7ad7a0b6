import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

/** An invocation waits no longer for a collector. A request that takes longer goes on with the next invocation. */
const flushMs = 200;
const requestMs = 5_000;

export interface SpanExport {
  /** Sends what has ended, for 200 ms at most. Never rejects. */
  flush(): Promise<void>;
}

/** From now on the spans of this process go to an OTLP/HTTP collector, as JSON. */
export function registerExporter(url: string, service: string): SpanExport {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "service.namespace": "vectorkeep" }),
    // A collector samples; X-Ray's own decision is about X-Ray.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url, timeoutMillis: requestMs }))],
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
