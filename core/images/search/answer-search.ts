import { errorFields } from "../../log.ts";
import { type CallerIdentity, userOf } from "./caller.ts";
import { readSearchRequest } from "./image-search-request.ts";
import { type ImageSearchDeps, ImageSearchUnavailableError, searchImages } from "./search-images.ts";

export interface SearchApiDeps extends ImageSearchDeps {
  readonly usersByKeyId: Readonly<Record<string, string>>;
}

export interface SearchApiRequest {
  readonly caller: CallerIdentity;
  readonly query: Readonly<Record<string, string>>;
}

export interface SearchAnswer {
  readonly status: number;
  readonly body: object;
}

/** The reason is only in the log. */
const unavailableNow =
  "The search could not be answered. Try again; a paused database starts within a minute.";

/** Handles `GET /images/search`. */
export async function answerSearch(
  { caller, query }: SearchApiRequest,
  deps: SearchApiDeps,
): Promise<SearchAnswer> {
  const user = userOf(caller, deps.usersByKeyId);
  if (user === undefined) return failure(403, "no_user", "The caller's key or identity belongs to no user.");
  const read = readSearchRequest(query);
  if ("problems" in read) {
    return failure(422, "invalid_request", "The request is invalid.", read.problems);
  }
  try {
    const { mode, degraded, hits } = await searchImages(user, read.request, deps);
    return { status: 200, body: { query: read.request.q, mode, ...(degraded && { degraded }), hits } };
  } catch (error) {
    if (!(error instanceof ImageSearchUnavailableError)) throw error;
    deps.log.error("A search could not be answered", errorFields(error));
    return failure(503, "search_unavailable", unavailableNow);
  }
}

function failure(status: number, code: string, message: string, problems?: readonly string[]): SearchAnswer {
  return { status, body: { error: { code, message, ...(problems && { problems }) } } };
}
