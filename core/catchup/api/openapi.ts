import * as z from "zod";
import { requestBody } from "../requests/process-request.ts";
import { statuses } from "../tasks/task.ts";

const nullable = (type: string, extra: object = {}) => ({ type: [type, "null"], ...extra });
const time = nullable("string", { format: "date-time" });
const count = { type: "integer", minimum: 0 };

const progress = {
  type: "object",
  required: [
    "total_records",
    "processed_records",
    "failed_records",
    "filtered_records",
    "duplicate_records",
    "unchanged_records",
    "cached_records",
    "chunks_total",
    "chunks_completed",
    "chunks_failed",
    "percentage",
    "under_way",
  ],
  properties: {
    total_records: nullable("integer", {
      description: "Rows within the dates; null until they are counted.",
    }),
    processed_records: count,
    failed_records: count,
    filtered_records: { ...count, description: "Rows outside the dates; not in the total." },
    duplicate_records: {
      ...count,
      description: "Rows that a later row of the same id and namespace replaced.",
    },
    unchanged_records: {
      ...count,
      description: "The part of the processed records that was unchanged in the index.",
    },
    cached_records: {
      ...count,
      description: "The part of the processed records whose vectors the embedding cache had.",
    },
    chunks_total: nullable("integer"),
    chunks_completed: count,
    chunks_failed: count,
    percentage: { type: "number", minimum: 0, maximum: 100 },
    under_way: {
      type: "object",
      description: "Of unfinished chunks; not yet in any other count.",
      required: ["embedded_records", "written_records"],
      properties: { embedded_records: count, written_records: count },
    },
  },
};

const task = {
  type: "object",
  required: [
    "task_id",
    "status",
    "progress",
    "started_at",
    "completed_at",
    "estimated_completion",
    "error",
    "failed_records_key",
    "duplicate_records_key",
    "request",
    "host",
    "lane",
    "batches",
    "spent",
    "reason",
  ],
  properties: {
    task_id: { type: "string" },
    status: { enum: statuses },
    data_source: { type: "string" },
    start_date: { type: "string", format: "date" },
    end_date: { type: "string", format: "date" },
    created_at: { type: "string", format: "date-time" },
    progress: { $ref: "#/components/schemas/Progress" },
    started_at: time,
    completed_at: time,
    estimated_completion: time,
    error: nullable("string"),
    failed_records_key: nullable("string", {
      description: "Prefix of the failed records in the work bucket.",
    }),
    duplicate_records_key: nullable("string", {
      description: "Prefix of the replaced rows in the work bucket.",
    }),
    dry_run: { type: "boolean" },
    request: { type: "object", description: "The accepted request with all defaults applied." },
    host: {
      enum: ["function", "state_machine", "workers", null],
      description: "Where the task is processed.",
    },
    lane: { enum: ["sync", "batch", null], description: "How the task is paid." },
    batches: nullable("object", {
      description:
        "Of an open task in lane batch: its running and ended batches, and the texts they paid for.",
      required: ["running", "ended", "paid_texts"],
      properties: { running: count, ended: count, paid_texts: count },
    }),
    spent: {
      type: "object",
      description: "What embedding has cost so far.",
      required: ["tokens", "cost_usd"],
      properties: { tokens: count, cost_usd: { type: "number", minimum: 0 } },
    },
    reason: nullable("string", { description: "Why a task without an error had no effect." }),
    estimate: nullable("object", {
      description:
        "Of a dry run: tokens, cost_usd and seconds of lane sync, and batch: cost_usd and seconds of lane batch.",
    }),
  },
};

const acceptedTask = {
  type: "object",
  required: ["task_id", "status", "status_url", "start_date", "end_date", "data_source"],
  properties: {
    task_id: { type: "string" },
    status: { enum: statuses },
    status_url: { type: "string" },
    start_date: { type: "string", format: "date" },
    end_date: { type: "string", format: "date" },
    data_source: { type: "string" },
  },
};

const failure = {
  type: "object",
  required: ["error", "message"],
  properties: {
    error: { type: "string" },
    message: { type: "string" },
    problems: {
      type: "array",
      items: {
        type: "object",
        required: ["parameter", "accepted"],
        properties: {
          parameter: { type: "string" },
          given: { type: "string" },
          accepted: { type: "string" },
        },
      },
    },
  },
};

const preflightFailure = {
  type: "object",
  required: ["error", "message", "problems"],
  properties: {
    error: { const: "preflight_failed" },
    message: { type: "string" },
    problems: {
      type: "array",
      items: {
        type: "object",
        required: ["check", "problem"],
        properties: {
          check: { enum: ["embedding", "index", "source", "batch"] },
          problem: { type: "string" },
        },
      },
    },
  },
};

const json = (name: string) => ({ "application/json": { schema: { $ref: `#/components/schemas/${name}` } } });
const answers = (
  status: number,
  description: string,
  name: string,
  ...failures: readonly [number, string][]
) => ({
  [status]: { description, content: json(name) },
  ...Object.fromEntries(
    failures.map(([code, what]) => [code, { description: what, content: json("Failure") }]),
  ),
});

const invalid = [400, "Every invalid parameter, with the accepted form"] as const;
const gone = [404, "No such task"] as const;
const conflict = [409, "The task's state does not allow this"] as const;
const reused = [422, "The Idempotency-Key was used for another request"] as const;

const refusedBefore = {
  424: {
    description:
      "The task would fail: a key, the index, the model or the question is unsuitable. Nothing was embedded",
    content: json("PreflightFailure"),
  },
};

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "The same key returns the same task while tasks are retained, also on a later day, with the dates of the first request.",
  schema: { type: "string", minLength: 1, maxLength: 200 },
};
const taskId = { name: "task_id", in: "path", required: true, schema: { type: "string" } };
const schemaOfRequest = z.toJSONSchema(requestBody, { io: "input", unrepresentable: "any" });
const started = {
  ...answers(202, "The task of the request", "AcceptedTask", [...invalid], [...reused]),
  ...refusedBefore,
};

/** The OpenAPI description of the API. A test keeps it in sync with the routes and their responses. */
export const openApi = {
  openapi: "3.1.0",
  info: {
    title: "Vectorkeep catch-up",
    version: "1",
    description:
      "Loads rows of a Metabase question or of a CSV file in S3 into a Pinecone index and accounts for every row.",
  },
  security: [{ key: [] }, { key: [], signature: [] }],
  paths: {
    "/process": {
      get: {
        summary: "Start a task, or return the one that is already running",
        parameters: [
          ...Object.entries(schemaOfRequest.properties ?? {}).map(([name, schema]) => ({
            name,
            in: "query",
            schema,
          })),
          idempotencyKey,
        ],
        responses: started,
      },
      post: {
        summary: "Start a task, or return the one that is already running",
        parameters: [idempotencyKey],
        requestBody: { content: { "application/json": { schema: schemaOfRequest } } },
        responses: started,
      },
    },
    "/status": {
      get: {
        summary: "Status of a task",
        parameters: [{ ...taskId, in: "query" }],
        responses: answers(200, "The task", "Task", [...invalid], [...gone]),
      },
    },
    "/tasks": {
      get: {
        summary: "Tasks, newest first",
        parameters: [
          { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 100, default: 20 } },
          { name: "cursor", in: "query", schema: { type: "string" } },
          { name: "status", in: "query", schema: { enum: statuses } },
        ],
        responses: answers(200, "A page of tasks", "Tasks", [...invalid]),
      },
    },
    "/tasks/{task_id}/cancel": {
      post: {
        summary: "Cancel a task; vectors that are written stay",
        parameters: [taskId],
        responses: answers(200, "The task", "Task", [...invalid], [...gone], [...conflict]),
      },
    },
    "/tasks/{task_id}/retry-failed": {
      post: {
        summary: "Retry the failed records of a task in a new task",
        parameters: [taskId, idempotencyKey],
        responses: {
          ...answers(
            202,
            "The new task",
            "AcceptedTask",
            [...invalid],
            [...gone],
            [...conflict],
            [...reused],
          ),
          ...refusedBefore,
        },
      },
    },
    "/health": {
      get: {
        summary: "Health check; needs no key",
        security: [],
        responses: {
          200: {
            description: "It does",
            content: {
              "application/json": { schema: { type: "object", properties: { status: { const: "ok" } } } },
            },
          },
        },
      },
    },
    "/openapi.json": {
      get: {
        summary: "This document",
        responses: {
          200: {
            description: "OpenAPI 3.1",
            content: { "application/json": { schema: { type: "object" } } },
          },
        },
      },
    },
  },
  components: {
    securitySchemes: {
      key: { type: "apiKey", in: "header", name: "x-api-key" },
      signature: {
        type: "apiKey",
        in: "header",
        name: "authorization",
        description: "SigV4 of the service execute-api, where catchup:authorization is key-and-iam.",
      },
    },
    schemas: {
      Task: task,
      AcceptedTask: acceptedTask,
      Progress: progress,
      Failure: failure,
      PreflightFailure: preflightFailure,
      Tasks: {
        type: "object",
        required: ["tasks", "next_cursor"],
        properties: {
          tasks: { type: "array", items: { $ref: "#/components/schemas/Task" } },
          next_cursor: nullable("string"),
        },
      },
    },
  },
} as const;
