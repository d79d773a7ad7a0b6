import { z } from "zod";
import { controlError } from "./api-error.ts";
import { VectorIndex } from "./vector-index.ts";

const indexName = z
  .string()
  .min(1)
  .max(45)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);

const createRequest = z.object({
  name: indexName,
  schema: z.object({
    fields: z.record(
      z.string(),
      z.strictObject({
        type: z.literal("dense_vector"),
        dimension: z.number().int().min(1).max(20_000),
        metric: z.enum(["cosine", "dotproduct"]).default("cosine"),
      }),
    ),
  }),
  deployment: z.looseObject({}).default({ deployment_type: "managed", cloud: "aws", region: "us-east-1" }),
  deletion_protection: z.enum(["enabled", "disabled"]).default("disabled"),
  tags: z.record(z.string(), z.string()).optional(),
});

interface KnownIndex {
  readonly index: VectorIndex;
  readonly described: z.infer<typeof createRequest>;
}

/** The indexes of the project. */
export class ControlPlane {
  readonly #indexes = new Map<string, KnownIndex>();

  /** Creates the index of a request. Throws ApiError. */
  create(body: unknown): string {
    const parsed = createRequest.safeParse(body);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
      throw controlError(400, "INVALID_ARGUMENT", problems.join("; "));
    }
    const { name, schema } = parsed.data;
    if (this.#indexes.has(name)) throw controlError(409, "ALREADY_EXISTS", "Resource  already exists");
    const [field, ...others] = Object.values(schema.fields);
    if (field === undefined || others.length > 0) {
      throw controlError(400, "INVALID_ARGUMENT", "The local Pinecone has indexes of one dense vector only");
    }
    this.#indexes.set(name, {
      index: new VectorIndex(field.dimension, field.metric),
      described: parsed.data,
    });
    return name;
  }

  find(name: string): VectorIndex {
    return this.#existing(name).index;
  }

  names(): string[] {
    return [...this.#indexes.keys()];
  }

  /** `host` is the address of the index itself. */
  describe(name: string, host: string): object {
    const { described } = this.#existing(name);
    return { ...described, host, status: { ready: true, state: "Ready" } };
  }

  delete(name: string): void {
    if (this.#existing(name).described.deletion_protection === "enabled") {
      throw controlError(
        403,
        "FORBIDDEN",
        "Deletion protection is enabled for this index. Disable it first.",
      );
    }
    this.#indexes.delete(name);
  }

  #existing(name: string): KnownIndex {
    const known = this.#indexes.get(name);
    if (known === undefined) throw controlError(404, "NOT_FOUND", `Resource ${name} not found`);
    return known;
  }
}
