import * as z from "zod";
import { AwsError } from "../../protocol/service.ts";
import type { EventBus } from "./event-bus.ts";
import { busArn, defaultBus } from "./rule.ts";

const maxEntries = 10;
const maxBytes = 1024 * 1024;
const reservedSource = /^aws\./;

const entry = z.strictObject({
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  EventBusName: z.string().optional(),
  Resources: z.array(z.string()).optional(),
  /** Epoch seconds. */
  Time: z.number().optional(),
  TraceHeader: z.string().optional(),
});

export const putEventsInput = z.strictObject({ Entries: z.array(entry).min(1).max(maxEntries) });

type Entry = z.infer<typeof entry>;

/** Returns the entries of a call that is not validated yet. */
export function requestEntries({ Entries }: Record<string, unknown>): readonly Partial<Entry>[] {
  return Array.isArray(Entries) ? (Entries as Partial<Entry>[]) : [{}];
}

/** Each entry for itself: one that is refused is counted in FailedEntryCount, and the call succeeds all the same. */
export function putEvents(bus: EventBus, { Entries }: z.infer<typeof putEventsInput>): object {
  const bytes = Entries.reduce((sum, one) => sum + sizeOf(one), 0);
  if (bytes > maxBytes) {
    throw new AwsError(
      400,
      "ValidationException",
      "Total size of the entries in the request is over the limit.",
    );
  }
  const results = Entries.map((one) => {
    const refusal = refusalOf(one);
    return refusal ?? { EventId: bus.accept(eventOf(one)) };
  });
  return { FailedEntryCount: results.filter((result) => "ErrorCode" in result).length, Entries: results };
}

function refusalOf({ Source, DetailType, Detail, EventBusName = defaultBus }: Entry): object | undefined {
  const missing = Object.entries({ Source, DetailType, Detail }).find(([, value]) => !value);
  if (missing !== undefined) {
    const [name] = missing;
    return failed(
      "InvalidArgument",
      `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
    );
  }
  if (reservedSource.test(Source ?? "")) {
    return failed("NotAuthorizedForSourceException", "Not authorized for the source.");
  }
  if (EventBusName !== defaultBus && EventBusName !== busArn(defaultBus)) {
    return failed("ResourceNotFoundException", `Event bus ${EventBusName} does not exist.`);
  }
  return detailOf(Detail ?? "") === undefined ? failed("MalformedDetail", "Detail is malformed.") : undefined;
}

function failed(ErrorCode: string, ErrorMessage: string): object {
  return { ErrorCode, ErrorMessage };
}

function eventOf({ Source = "", DetailType = "", Detail = "", Resources, Time }: Entry) {
  return {
    source: Source,
    detailType: DetailType,
    detail: detailOf(Detail) ?? {},
    ...(Resources === undefined ? {} : { resources: Resources }),
    ...(Time === undefined ? {} : { time: new Date(Time * 1_000) }),
  };
}

function detailOf(detail: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(detail);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? { ...parsed }
      : undefined;
  } catch {
    return undefined;
  }
}

function sizeOf({ Source = "", DetailType = "", Detail = "", Resources = [], Time }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, one) => sum + Buffer.byteLength(one), Time === undefined ? 0 : 14);
}
