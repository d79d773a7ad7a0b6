import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { createGzip } from "node:zlib";
import { type LoopbackServer, sendJson, serveLoopback } from "../loopback-server.ts";
import { ApiError, failedQuery } from "./api-error.ts";
import { exportedText, type Format, formats } from "./export.ts";
import { type Fault, Faults } from "./faults.ts";
import { narrow } from "./parameters.ts";
import { dateVariables, type Question } from "./question.ts";
import { type QueryRequest, readRequest } from "./request.ts";

export interface MetabaseOptions {
  /** 0 selects a free one. */
  readonly port: number;
  readonly questions: readonly Question[];
}

export interface MetabaseServer extends LoopbackServer {
  /** Faults for the queries to come, one each. */
  failNext(...faults: readonly Fault[]): void;
}

const cardRoute = /^\/api\/card\/(\d+)$/;
const route = /^\/api\/card\/(\d+)\/query(?:\/(\w+))?$/;
/** The maximum rows of a question without export: Metabase's default. */
const maxRows = 2000;

/**
 * Metabase's saved questions on loopback: `GET /api/card/{id}` for a question's parameters, `POST
 * /api/card/{id}/query/{csv|json}` for all rows, `POST /api/card/{id}/query` for the first 2,000. Accepts any API key.
 */
export async function serveMetabase({ port, questions }: MetabaseOptions): Promise<MetabaseServer> {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const faults = new Faults();
  const server = await serveLoopback(port, async (request, response) => {
    try {
      await answer(byId, faults, request, response);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (typeof error.body === "string") response.writeHead(error.status).end(error.body);
      else sendJson(response, error.status, error.body);
    }
  });
  return { ...server, failNext: (...next) => faults.add(...next) };
}

async function answer(
  questions: ReadonlyMap<number, Question>,
  faults: Faults,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await readText(request);
  if (!request.headers["x-api-key"]) throw new ApiError(401, "Unauthenticated");
  const [, card] = cardRoute.exec(request.url ?? "") ?? [];
  if (card !== undefined && request.method === "GET") return sendCard(response, questions.get(Number(card)));
  const [path, id, format] = route.exec(request.url ?? "") ?? [];
  if (path === undefined || request.method !== "POST")
    throw new ApiError(404, "API endpoint does not exist.");
  const question = questions.get(Number(id));
  if (question === undefined) throw new ApiError(404, "Not found.");
  const wanted = readRequest(request.headers["content-type"], text);
  const fault = faults.take();
  if (fault?.kind === "status") throw new ApiError(fault.status, "The service is not available.");
  if (fault?.kind === "slow") await delay(fault.milliseconds, undefined, { ref: false });
  if (fault?.kind === "failed query") return sendFailure(response, fault, format);
  if (format === undefined) return sendRows(response, question, wanted);
  if (!isFormat(format)) throw new ApiError(400, { errors: { "export-format": "enum of csv, json" } });
  await sendExport(request, response, question, { format, wanted, fault });
}

/** Sends the used parts of a card: its template tags, and the columns of its last result. */
function sendCard(response: ServerResponse, question: Question | undefined): void {
  if (question === undefined) throw new ApiError(404, "Not found.");
  const variables = Object.values(dateVariables(question) ?? {});
  sendJson(response, 200, {
    id: question.id,
    name: `Question ${question.id}`,
    dataset_query: {
      type: "native",
      native: {
        query: "SELECT ...",
        "template-tags": Object.fromEntries(
          variables.map((name) => [name, { id: name, name, "display-name": name, type: "date" }]),
        ),
      },
    },
    parameters: [],
    result_metadata: question.columns.map((name) => ({ name, display_name: name })),
  });
}

function sendFailure(
  response: ServerResponse,
  { status, error }: Extract<Fault, { kind: "failed query" }>,
  format: string | undefined,
): void {
  // A failure after the headers were sent has the content type and name of the file.
  const contentType = status === 200 && format === "csv" ? "text/csv" : "application/json";
  response.writeHead(status, { "content-type": contentType }).end(JSON.stringify(failedQuery(error)));
}

/** The usual result of a query: its first rows, and 202. */
function sendRows(response: ServerResponse, question: Question, { parameters }: QueryRequest): void {
  const rows = [...narrow(question, parameters)];
  const shown = rows.slice(0, maxRows);
  sendJson(response, 202, {
    status: "completed",
    row_count: shown.length,
    data: {
      rows: shown,
      cols: question.columns.map((name) => ({ name, display_name: name })),
      ...(rows.length > shown.length && { rows_truncated: maxRows }),
    },
  });
}

async function sendExport(
  request: IncomingMessage,
  response: ServerResponse,
  question: Question,
  asked: { readonly format: Format; readonly wanted: QueryRequest; readonly fault: Fault | undefined },
): Promise<void> {
  const { format, wanted, fault } = asked;
  const rows = narrow(question, wanted.parameters);
  const pieces = exportedText({
    format,
    columns: question.columns,
    rows,
    formatted: wanted.format_rows,
    fault,
  });
  const gzip = /gzip|\*/.test(String(request.headers["accept-encoding"] ?? ""));
  response.writeHead(200, {
    "content-type": format === "csv" ? "text/csv" : "application/json",
    "content-disposition": `attachment; filename="query_result.${format}"`,
    connection: "close",
    ...(gzip && { "content-encoding": "gzip" }),
  });
  const stream = Readable.from(pieces);
  await (gzip ? pipeline(stream, createGzip(), response) : pipeline(stream, response));
}

function isFormat(format: string): format is Format {
  return (formats as readonly string[]).includes(format);
}
