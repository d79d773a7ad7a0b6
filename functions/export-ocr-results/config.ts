import * as z from "zod";

/** The environment that infra declares for the function. */
export const exportConfig = z.object({ ARTIFACTS_BUCKET: z.string().min(1), EMBED_QUEUE_URL: z.url() });

export type ExportConfig = z.infer<typeof exportConfig>;
