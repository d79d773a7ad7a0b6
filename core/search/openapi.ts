import * as z from "zod";
import { collections } from "../../contract/collections.ts";
import { runsPath } from "../../contract/search-routes.ts";
import { documentSearch } from "../documents/document-search.ts";
import { documentModel } from "../documents/documents.ts";
import { searchRequest } from "./search-request.ts";
import { similarRequest } from "./similar.ts";

const json = (schema: object) => ({ "application/json": { schema } });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const { schemas, rowFields } = documentSearch;
const strings = { type: "array", items: { type: "string" } };
const metadata = {
  type: "object",
  description: `As the vector has it: ${schemas.examples.metadata}.`,
  additionalProperties: { type: ["string", "number", "boolean"] },
};
const generations = {
  type: "object",
  description: "The number of the generation that answered, by shard; null if nothing was published.",
  additionalProperties: { type: ["integer", "null"] },
};

const ofMirror = {
  backend: {
    enum: ["s3vectors"],
    description:
      "Present if the mirror in S3 Vectors answered (query:backend): by vectors alone, one hit per vector, without `where` and `understand`. " +
      "It contains at least the named generation, and may contain newer changes.",
  },
  mode: { enum: ["dense"], description: "Only in answers of the mirror." },
  exact: { const: false, description: "Only in answers of the mirror, whose neighbours are approximate." },
};

const hit = {
  type: "object",
  required: ["id", ...schemas.alwaysInPlace, "text", "score", "metadata"],
  properties: {
    id: { type: "string" },
    ...schemas.place,
    text: { type: "string" },
    score: { type: "number", description: "Higher is better. In mode dense it is the cosine similarity." },
    metadata,
    row: {
      type: "object",
      description: "The whole visual row, in reading order. Absent in approximate answers.",
      required: ["text", "ids"],
      properties: { text: { type: "string" }, ids: strings },
    },
    ...schemas.shown,
    found_by: {
      type: "object",
      required: ["cosine", "coverage", "matched"],
      properties: {
        cosine: { type: ["number", "null"] },
        coverage: { type: "number", description: "Share of the query's rare letters that the row contains." },
        matched: { ...strings, description: `Such as ${schemas.examples.matched}.` },
      },
    },
  },
};

const condition = {
  description:
    "Fields with a value, or with an object of operators; `and`, `or`, `not` join conditions. Fields are the keys of the " +
    `metadata, and ${Object.keys(rowFields).join(", ")} of the row.`,
  type: "object",
  properties: {
    and: { type: "array", minItems: 1, items: ref("Condition") },
    or: { type: "array", minItems: 1, items: ref("Condition") },
    not: ref("Condition"),
  },
  additionalProperties: {
    oneOf: [
      { type: ["string", "number", "boolean"] },
      {
        type: "object",
        additionalProperties: false,
        properties: {
          eq: { type: ["string", "number", "boolean"] },
          in: { type: "array", minItems: 1, maxItems: 100 },
          gt: { type: ["string", "number"] },
          gte: { type: ["string", "number"] },
          lt: { type: ["string", "number"] },
          lte: { type: ["string", "number"] },
          contains: { type: "string", description: "Without regard to case, width and diacritics." },
          exists: { type: "boolean", description: "Whether there is a value at all." },
        },
      },
    ],
  },
};

const idNames = Object.keys(documentModel.storedShape) as (keyof typeof documentModel.storedShape)[];
const runStates = ["PENDING", "PROCESSING", "COMPLETED", "FAILED"];
const half = {
  type: "object",
  description: "One collection; absent while the run is not open yet.",
  required: ["state"],
  properties: { state: { enum: runStates }, error: { type: "string", description: "Why it is FAILED." } },
};
const runStatusSchema = {
  type: "object",
  required: ["state", "exported_at"],
  properties: {
    ...Object.fromEntries(idNames.map((name) => [name, schemas.place[name]])),
    state: {
      enum: [...runStates, "DELETED"],
      description: "COMPLETED once every collection shows the content; FAILED if one of them cannot.",
    },
    run_id: { type: "string" },
    exported_at: { type: "string", description: "The time of the content, or of the removal." },
    ...Object.fromEntries(collections.map((collection) => [collection, half])),
  },
};

const problems = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: { code: { type: "string" }, message: { type: "string" }, problems: strings },
    },
  },
};

/** The host of the API: functions behind API Gateway, or the query server. */
export type SearchHost = "lambda" | "ecs";

const failures = {
  400: { description: "Every problem of the request", content: json(ref("Failure")) },
  502: { description: "The text could not be embedded", content: json(ref("Failure")) },
  503: { description: "Nothing is published, or it is not open yet", content: json(ref("Failure")) },
};

/** Responses of the gateway itself; these requests never reach the functions. */
const ofGateway = {
  403: { description: "The key is missing or wrong", content: json(ref("Refusal")) },
  429: {
    description: "More requests per second than query:requestsPerSecond",
    content: json(ref("Refusal")),
  },
};
const ofHost = {
  lambda: ofGateway,
  ecs: { 401: { description: "The key is missing or wrong", content: json(ref("Failure")) } },
};

const signature = {
  type: "apiKey",
  in: "header",
  name: "authorization",
  description: "SigV4 of the service execute-api, where query:authorization is key-and-iam.",
};

const openApiAnswer = { 200: { description: "OpenAPI 3.1", content: json({ type: "object" }) } };
const describedByItself = {
  lambda: { get: { summary: "This document", responses: { ...openApiAnswer, ...ofGateway } } },
  ecs: { get: { summary: "This document; needs no key", security: [], responses: openApiAnswer } },
};
const health = {
  get: {
    summary: "What is served, by shard; needs no key",
    security: [],
    responses: {
      200: { description: "Every shard answers", content: json({ type: "object" }) },
      503: { description: "A shard is still opening", content: json({ type: "object" }) },
    },
  },
};

/**
 * The OpenAPI description of the search API on this host, for vectors with this number of dimensions. Served at `GET
 * /openapi.json`.
 */
export function searchOpenApi(dimensions: number, host: SearchHost) {
  const request = z.toJSONSchema(searchRequest(dimensions), { io: "input", unrepresentable: "any" });
  const similarQuery = z.toJSONSchema(similarRequest, { io: "input", unrepresentable: "any" });
  return {
    openapi: "3.1.0",
    info: {
      title: "Vectorkeep search",
      version: "1",
      description: `Searches ${schemas.about}: by meaning, by letters, and by what a question says.`,
    },
    security: [{ key: [] }, ...(host === "lambda" ? [{ key: [], signature: [] }] : [])],
    paths: {
      "/search": {
        post: {
          summary: `The ${schemas.hits} that match a text or a vector best`,
          requestBody: {
            required: true,
            content: json({ ...request, properties: { ...request.properties, where: ref("Condition") } }),
          },
          responses: {
            200: { description: "The hits, best first", content: json(ref("SearchAnswer")) },
            ...failures,
            ...ofHost[host],
            413: { description: "The body is too large", content: json(ref("Failure")) },
          },
        },
      },
      "/similar": {
        get: {
          summary: `The nearest neighbours of a stored vector, with their ${Object.keys(schemas.evidence).join(", ")}`,
          parameters: Object.entries(similarQuery.properties ?? {}).map(([name, schema]) => ({
            name,
            in: "query",
            required: name === "id",
            schema,
          })),
          responses: {
            200: { description: "The neighbours, nearest first", content: json(ref("SimilarAnswer")) },
            ...failures,
            ...ofHost[host],
            404: { description: "No published vector has this id", content: json(ref("Failure")) },
          },
        },
      },
      [runsPath]: {
        get: {
          summary: `How far the newest content of a ${documentModel.noun} has come`,
          parameters: idNames.map((name) => ({
            name,
            in: "path",
            required: true,
            schema: schemas.place[name],
          })),
          responses: {
            200: { description: "Its current run", content: json(ref("RunStatus")) },
            400: failures[400],
            ...ofHost[host],
            404: { description: "It was never embedded", content: json(ref("Failure")) },
          },
        },
      },
      ...(host === "ecs" && { "/health": health }),
      "/openapi.json": describedByItself[host],
    },
    components: {
      securitySchemes: {
        key: { type: "apiKey", in: "header", name: "x-api-key" },
        ...(host === "lambda" && { signature }),
      },
      schemas: {
        Condition: condition,
        Hit: hit,
        SearchAnswer: {
          type: "object",
          required: ["collection", "generations", "hits"],
          properties: {
            collection: { enum: collections },
            generations,
            ...ofMirror,
            understood: {
              type: "object",
              description: "The conditions found in the text; absent if there are none.",
              properties: schemas.understood,
            },
            hits: { type: "array", items: ref("Hit") },
          },
        },
        SimilarAnswer: {
          type: "object",
          required: ["collection", "generations", "of", ...Object.keys(schemas.evidence), "hits"],
          properties: {
            collection: { enum: collections },
            generations,
            ...ofMirror,
            of: {
              type: "object",
              required: ["id", "text", "metadata"],
              properties: { id: { type: "string" }, text: { type: "string" }, metadata },
            },
            ...schemas.evidence,
            hits: { type: "array", items: ref("Hit") },
          },
        },
        RunStatus: runStatusSchema,
        Failure: problems,
        Refusal: {
          type: "object",
          description: "An answer of API Gateway itself.",
          required: ["message"],
          properties: { message: { type: "string" } },
        },
      },
    },
  };
}
