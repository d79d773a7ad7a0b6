import * as z from "zod";

const named = z.object({
  image_id: z.string().optional().catch(undefined),
  receipt_id: z.number().optional().catch(undefined),
});

/** The receipt that the body of an embed message names, as far as it does: a log line needs no valid message. */
export function receiptNamedIn(body: string): z.infer<typeof named> {
  try {
    return named.catch({}).parse(JSON.parse(body));
  } catch {
    return {};
  }
}
