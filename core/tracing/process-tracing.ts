import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import { errorFields, type Log } from "../log.ts";
import type { SpanExport } from "./exporter.ts";
import { ended } from "./span.ts";
import { xrayContext } from "./traceparent.ts";

/**
 * The spans of a process. They are recorded only if infra/ sets TRACING_ENDPOINT; otherwise the exporter is not even
 * loaded.
 */
export class ProcessTracing {
  readonly #service: string;
  readonly #export: Promise<SpanExport | undefined>;

  constructor(service: string, log: Log, endpoint = process.env.TRACING_ENDPOINT) {
    this.#service = service;
    const secret = process.env.TRACING_HEADERS_SECRET;
    this.#export = endpoint ? loadExporter(endpoint, service, log, secret) : Promise.resolve(undefined);
  }

  /**
   * Runs the work as a child of the span under which Lambda invokes the function, and then exports the spans. `onTrace`
   * receives the id of the trace, if there is one.
   */
  async invocation<T>(onTrace: (traceId: string) => void, work: () => Promise<T>): Promise<T> {
    const exporting = await this.#export;
    const lambda = xrayContext();
    const parent = lambda ? trace.setSpanContext(ROOT_CONTEXT, lambda) : ROOT_CONTEXT;
    const span = trace.getTracer("vectorkeep").startSpan(this.#service, { kind: SpanKind.SERVER }, parent);
    const traceId = traceIdOf(span.spanContext()) ?? lambda?.traceId;
    if (traceId !== undefined) onTrace(traceId);
    try {
      return await context.with(trace.setSpan(parent, span), () => ended(span, work));
    } finally {
      await exporting?.flush();
    }
  }

  /** Resolves when spans are being recorded. */
  async ready(): Promise<void> {
    await this.#export;
  }

  async flush(): Promise<void> {
    await (await this.#export)?.flush();
  }
}

function traceIdOf(span: SpanContext): string | undefined {
  return isSpanContextValid(span) ? span.traceId : undefined;
}

/** A failure is only logged, because a process works without its spans. */
async function loadExporter(
  url: string,
  service: string,
  log: Log,
  headersSecret: string | undefined,
): Promise<SpanExport | undefined> {
  try {
    const { registerExporter } = await import("./exporter.ts");
    return registerExporter(url, service, headersSecret);
  } catch (error) {
    log.warn("Spans are not exported", errorFields(error));
    return undefined;
  }
}
