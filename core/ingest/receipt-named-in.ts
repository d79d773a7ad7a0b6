import * as z from "zod";

const named = z.object({
  image_id: z.string().optional().catch(undefined),
  receipt_id: z.number().optional().catch(undefined),
});

/** Log fields of the receipt that a body names. The body need not be valid; ids that cannot be read are omitted. */
export function receiptNamedIn(body: string): z.infer<typeof named> {
  try {
    return named.catch({}).parse(JSON.parse(body));
  } catch {
    return {};
  }
}
