import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { parseTraceparent } from "./traceparent.ts";

const maxLinks = 128;

function tracer() {
  return trace.getTracer("vectorkeep");
}

/** Runs the work as a span of the current trace. Without a registered exporter, only runs the work. */
export function inSpan<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
  kind = SpanKind.INTERNAL,
): Promise<T> {
  return tracer().startActiveSpan(name, { attributes, kind }, (span) => ended(span, () => work(span)));
}

/** Starts a span that the caller ends. Other spans do not become its children. */
export function startSpan(name: string, attributes: Attributes = {}): Span {
  return tracer().startSpan(name, { attributes });
}

/** Links the current span to the spans that caused its messages; at most 128, without duplicates. */
export function linkToCauses(traceparents: Iterable<string | undefined>): void {
  const span = trace.getActiveSpan();
  if (span === undefined) return;
  const causes = [...new Set(traceparents)].flatMap((text) => parseTraceparent(text) ?? []);
  for (const context of causes.slice(0, maxLinks)) span.addLink({ context });
}

/** Runs the work and ends the span. The span records the class of an error, which is rethrown. */
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

/** Records the class of an error in the span. */
export function markFailed(span: Span, error: unknown): void {
  span.setAttribute("error.type", error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
