import type { IncomingMessage, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { type LoopbackServer, sendJson, serveLoopback } from "../../loopback-server.ts";
import { Faults } from "../faults.ts";
import { PlaceDirectory, type PlaceEntry } from "./directory.ts";

const maxPageSize = 20;
const searchBody = z.looseObject({
  textQuery: z.string().trim().min(1),
  pageSize: z.number().int().min(0).max(maxPageSize).default(maxPageSize),
});

/** Google's names of statuses. */
const statusNames: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

class PlacesError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Google's Places API (New) on loopback: `POST /v1/places:searchText` and `GET /v1/places/ID`, with field masks.
 * Accepts any API key. `POST /local/faults` schedules failures, `GET /local/usage` returns counts.
 */
export async function startPlacesServer(
  port: number,
  places: readonly PlaceEntry[],
): Promise<LoopbackServer> {
  const directory = await PlaceDirectory.of(places);
  const faults = new Faults();
  const usage = { searches: 0, details: 0 };

  const answer = (route: string, request: IncomingMessage, body: string): object => {
    if (!request.headers["x-goog-api-key"]) {
      throw new PlacesError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity).",
      );
    }
    if (route === "POST /v1/places:searchText") {
      const fields = maskOf(request, "places.");
      const { textQuery, pageSize } = parsed(body);
      usage.searches += 1;
      const found = directory.search(textQuery).slice(0, pageSize || maxPageSize);
      return found.length === 0 ? {} : { places: found.map((place) => masked(place, fields)) };
    }
    const id = /^GET \/v1\/places\/([^/]+)$/.exec(route)?.[1];
    if (id === undefined) throw new PlacesError(404, `Not found: ${route}`);
    const fields = maskOf(request, "");
    usage.details += 1;
    const place = directory.byId(decodeURIComponent(id));
    if (place === undefined) throw new PlacesError(404, "The Place ID is no longer valid.");
    return masked(place, fields);
  };

  return serveLoopback(port, async (request, response) => {
    const route = `${request.method} ${request.url?.split("?")[0]}`;
    const body = await readText(request);
    if (route === "GET /local/usage") return sendJson(response, 200, usage);
    if (route === "POST /local/faults") {
      faults.plan(JSON.parse(body));
      return sendJson(response, 200, {});
    }
    try {
      if (await goesWrong(faults, response)) return;
      sendJson(response, 200, answer(route, request, body));
    } catch (error) {
      const [code, message] =
        error instanceof PlacesError ? [error.status, error.message] : [500, String(error)];
      sendJson(response, code, { error: { code, message, status: statusNames[code] ?? "UNKNOWN" } });
    }
  });
}

/** Whether a planned fault is the whole answer. */
async function goesWrong(faults: Faults, response: ServerResponse): Promise<boolean> {
  const fault = faults.take();
  switch (fault?.kind) {
    case "status":
      if (fault.retryAfterSeconds !== undefined) response.setHeader("retry-after", fault.retryAfterSeconds);
      throw new PlacesError(fault.status, `The local provider was asked to answer ${fault.status}.`);
    case "slow":
      await delay(fault.milliseconds);
      return false;
    case "hangs":
      return true;
    case "breaks off":
      response.writeHead(200, { "content-length": 1_000 }).write("{");
      response.destroy();
      return true;
    case "text":
      response.writeHead(200, { "content-type": "application/json" }).end(fault.text);
      return true;
    default:
      return false;
  }
}

function parsed(body: string): z.infer<typeof searchBody> {
  try {
    return searchBody.parse(JSON.parse(body));
  } catch (error) {
    throw new PlacesError(400, `Invalid JSON payload: ${String(error)}`);
  }
}

/** The fields of a place that a mask may name, with their values. */
const fieldOf: Readonly<Record<string, (place: PlaceEntry) => unknown>> = {
  id: ({ id }) => id,
  name: ({ id }) => `places/${id}`,
  displayName: ({ name }) => ({ text: name, languageCode: "en" }),
  formattedAddress: ({ address }) => address,
  nationalPhoneNumber: ({ phone }) => phone,
  internationalPhoneNumber: ({ phone }) => phone,
  websiteUri: ({ website }) => website,
  primaryTypeDisplayName: ({ category }) => category && { text: category, languageCode: "en-US" },
};

/** The fields that a request names. There is no default: Google refuses a request without a mask. */
function maskOf({ headers }: IncomingMessage, prefix: string): readonly string[] {
  const mask = headers["x-goog-fieldmask"];
  if (typeof mask !== "string" || mask === "") {
    throw new PlacesError(
      400,
      "FieldMask is a required parameter. See https://cloud.google.com/apis/docs/system-parameters on how to provide it.",
    );
  }
  if (mask === "*") return Object.keys(fieldOf);
  return mask.split(",").map((path) => {
    const [field = ""] = path.startsWith(prefix) ? path.slice(prefix.length).split(".") : [];
    if (!Object.hasOwn(fieldOf, field)) {
      throw new PlacesError(
        400,
        `Error expanding 'fields' parameter. Cannot find matching fields for path '${path}'.`,
      );
    }
    return field;
  });
}

/** Formats a place as Google does, without absent fields. */
function masked(place: PlaceEntry, fields: readonly string[]): object {
  return Object.fromEntries(fields.map((field) => [field, fieldOf[field]?.(place)]));
}
