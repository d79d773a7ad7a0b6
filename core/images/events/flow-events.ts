import * as z from "zod";
import { jsonOf } from "../../text/json-of.ts";
import { InputError } from "../../vectorkeep-error.ts";

/** An item has renditions: the analyzer's input. */
export const imageProcessed = z.object({
  item_id: z.string().min(1),
  user_id: z.string().min(1),
  bucket: z.string().min(1),
  original_key: z.string().min(1),
  thumbnail_key: z.string().min(1),
  renditions_bucket: z.string().min(1),
  analysis_key: z.string().min(1),
  content_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The padded sequencer of the object's version. */
  sequencer: z.string().regex(/^[0-9A-F]{64}$/),
  /** Set by a request to analyze the same content again. */
  reanalysis_id: z.string().min(1).optional(),
});

export type ImageProcessed = z.infer<typeof imageProcessed>;

/** An item has a new analysis: the embedder's input. */
export const analysisComplete = z.object({
  item_id: z.string().min(1),
  analysis_id: z.string().min(1),
  user_id: z.string().min(1),
  /** The bucket of the image, because rules of several stacks share a bus. */
  bucket: z.string().min(1),
});

export type AnalysisComplete = z.infer<typeof analysisComplete>;

/** Returns the body of a queue message, as EventBridge builds it from an event. */
export function messageOf(
  { source, detailType }: { readonly source: string; readonly detailType: string },
  detail: object,
): string {
  return JSON.stringify({ source, "detail-type": detailType, detail });
}

/** A message is not the event of its queue. */
export class FlowEventInvalidError extends InputError {
  constructor(detailType: string, problem: string) {
    super(
      `The message is not an event ${detailType}: ${problem}.`,
      "Send the image again with `npm run verify -- images --repair`.",
    );
  }
}

/** Parses the detail of an event that EventBridge delivered. Throws FlowEventInvalidError. */
export function parseFlowEvent<Detail extends z.ZodType>(
  body: string,
  detailType: string,
  detail: Detail,
): z.infer<Detail> {
  const event = z.object({ "detail-type": z.literal(detailType), detail });
  const parsed = event.safeParse(jsonOf(body));
  if (!parsed.success) throw new FlowEventInvalidError(detailType, z.prettifyError(parsed.error));
  return (parsed.data as { detail: z.infer<Detail> }).detail;
}
