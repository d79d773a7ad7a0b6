import { isSpanContextValid, type SpanContext, TraceFlags, trace } from "@opentelemetry/api";
import * as z from "zod";

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
/** `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1` */
const xrayForm = /^Root=1-([0-9a-f]{8})-([0-9a-f]{24});Parent=([0-9a-f]{16})(?:;Sampled=([01?]))?/;

const xrayRoot = /(?:^|;)Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/;

/**
 * The span that caused an item or a message, in the format of W3C Trace Context. It is for people only, so a malformed
 * one counts as absent and never prevents processing.
 */
export const optionalTraceparent = z.string().regex(form).optional().catch(undefined);

export function parseTraceparent(text: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = form.exec(text ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}

/** The span of X-Ray under which Lambda invokes the function; undefined elsewhere. */
export function xrayContext(header = process.env._X_AMZN_TRACE_ID): SpanContext | undefined {
  const [, time, random, spanId, sampled] = xrayForm.exec(header ?? "") ?? [];
  if (time === undefined || random === undefined || spanId === undefined) return undefined;
  const traceFlags = sampled === "1" ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const context = { traceId: time + random, spanId, traceFlags, isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}

/** Returns the current span, or X-Ray's. */
function currentContext(): SpanContext | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  return active && isSpanContextValid(active) ? active : xrayContext();
}

/**
 * Returns the W3C trace id of the current invocation: the 32 hexadecimal digits of its X-Ray root, whether it is traced
 * or not.
 */
export function currentTraceId(header = process.env._X_AMZN_TRACE_ID): string | undefined {
  const [, time = "", random = ""] = xrayRoot.exec(header ?? "") ?? [];
  return currentContext()?.traceId ?? (time + random || undefined);
}

/** Returns the current span, or X-Ray's if it is sampled; undefined if nothing is traced. */
export function currentTraceparent(): string | undefined {
  const context = currentContext();
  if (context === undefined || (context.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  return `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, "0")}`;
}

/** Returns the field for an item or a message; empty if nothing is traced. */
export function traceparentField(traceparent = currentTraceparent()): { readonly traceparent?: string } {
  return traceparent === undefined ? {} : { traceparent };
}
