import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { parseTraceparent } from "./traceparent.ts";

const maxLinks = 128;

function tracer() {
  return trace.getTracer("vectorkeep");
}

/** Marks a piece of work as a span of the current trace. Without a registered exporter it only does the work. */
export function inSpan<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
  kind = SpanKind.INTERNAL,
): Promise<T> {
  return tracer().startActiveSpan(name, { attributes, kind }, (span) => ended(span, () => work(span)));
}

/** A span that its caller ends; other spans do not become its children. */
export function startSpan(name: string, attributes: Attributes = {}): Span {
  return tracer().startSpan(name, { attributes });
}

/** Links the current span to the spans that caused its messages; at most 128, each once. */
export function linkToCauses(traceparents: Iterable<string | undefined>): void {
  const span = trace.getActiveSpan();
  if (span === undefined) return;
  const causes = [...new Set(traceparents)].flatMap((text) => parseTraceparent(text) ?? []);
  for (const context of causes.slice(0, maxLinks)) span.addLink({ context });
}

/** The result of the work, whose error the span records by its class. */
export async function ended<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    markFailed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** The span records the error by its class. */
export function markFailed(span: Span, error: unknown): void {
  span.setAttribute("error.type", error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
