import * as z from "zod";
import {
  maxBatch,
  type ProcessRequest,
  priorities,
  type RequestDefaults,
  readProcessRequest,
  requestBody,
} from "../../catchup/requests/process-request.ts";
import { type ParameterProblem, RequestInvalidError } from "../../catchup/requests/request-errors.ts";

const batchSize = z.number().int().min(100).max(10_000);
const chunkSize = z.number().int().min(100).max(100_000);

const own = {
  batch_size: batchSize.optional(),
  chunk_size: chunkSize.optional(),
  priority: z.enum(priorities).default("normal"),
};

/** The request body: the fields of the catch-up API, plus the chunk size and the priority. */
export const bulkBody = requestBody.omit({ host: true, lane: true }).extend(own);

const accepted: Readonly<Record<keyof typeof own, string>> = {
  batch_size: "a whole number from 100 to 10000",
  chunk_size: "a whole number from 100 to 100000",
  priority: priorities.join(", "),
};

/**
 * Reads the request from a JSON body; null and empty values count as absent. Throws RequestInvalidError with every bad
 * parameter and its accepted form.
 */
export function readBulkRequest(
  input: Readonly<Record<string, unknown>>,
  defaults: RequestDefaults,
  now: number,
): ProcessRequest {
  const { batch_size, chunk_size, priority, host, lane, ...shared } = input;
  const given = Object.entries({ batch_size, chunk_size, priority }).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  const read = z.object(own).safeParse(Object.fromEntries(given));
  const problems: ParameterProblem[] = [
    ...(read.success ? [] : problemsOf(read.error, input)),
    ...Object.entries({ host, lane }).flatMap(([parameter, given]) =>
      given === undefined ? [] : [problemOfOtherApi(parameter, given)],
    ),
  ];
  const request = collectProblems(() => readProcessRequest(shared, defaults, now), problems);
  if (request === undefined || !read.success || problems.length > 0) throw new RequestInvalidError(problems);
  const { data } = read;
  return {
    ...request,
    host: "workers",
    // The maximum of one request to the index.
    batch_size: data.batch_size === undefined ? request.batch_size : Math.min(data.batch_size, maxBatch),
    ...(data.chunk_size !== undefined && { chunk_size: data.chunk_size }),
    ...(data.priority !== "normal" && { priority: data.priority }),
  };
}

function collectProblems<T>(read: () => T, problems: ParameterProblem[]): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RequestInvalidError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function problemsOf(error: z.ZodError, input: Readonly<Record<string, unknown>>): ParameterProblem[] {
  const names = new Set(error.issues.map(({ path }) => String(path[0]) as keyof typeof own));
  return [...names].map((parameter) => ({
    parameter,
    given: JSON.stringify(input[parameter])?.slice(0, 100),
    accepted: accepted[parameter],
  }));
}

/** A parameter of the catch-up API only. */
function problemOfOtherApi(parameter: string, given: unknown): ParameterProblem {
  const parameters = Object.keys(bulkBody.shape).join(", ");
  return {
    parameter,
    given: JSON.stringify(given)?.slice(0, 100),
    accepted: `no such parameter: ${parameters}`,
  };
}
