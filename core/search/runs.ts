import { runsPath } from "../../contract/search-routes.ts";
import { type DocumentRef, documentModel } from "../documents/documents.ts";
import type { RunStatus } from "../runs/run-status.ts";
import { HttpError } from "./http-error.ts";

/** Reads how far the newest content of a document has come. */
export type StatusOf = (document: DocumentRef) => Promise<RunStatus | undefined>;

const runs = /^\/runs\/[^/]+\/[^/]+$/;

/** The path of the contract that a path is one of. */
export function pathTemplate(path: string): string {
  return runs.test(path) ? runsPath : path;
}

/** Answers `GET /runs/...`. Throws an HttpError: 400 for ids of another form, 404 for a document of which nothing is known. */
export async function answerRun(path: string, statusOf: StatusOf): Promise<object> {
  const document = documentOf(path);
  const status = await statusOf(document);
  if (status === undefined) {
    throw new HttpError(
      404,
      "not_found",
      `Nothing is known of this ${documentModel.noun}: it was never embedded.`,
    );
  }
  const { state, runId, revision, halves } = status;
  return {
    ...documentModel.toStored(document),
    state,
    ...(runId !== undefined && { run_id: runId }),
    exported_at: new Date(revision).toISOString(),
    ...halves,
  };
}

function documentOf(path: string): DocumentRef {
  const names = Object.keys(documentModel.storedShape);
  const values = path.split("/").slice(2);
  // A number in any other form would name one document by many paths.
  const ids = values.map((value) => (/^[1-9]\d{0,14}$/.test(value) ? Number(value) : value));
  const document = documentModel.namedIn(Object.fromEntries(names.map((name, index) => [name, ids[index]])));
  if (document === undefined) {
    throw new HttpError(
      400,
      "invalid_request",
      `The path does not name a ${documentModel.noun}: ${names.join(", ")}.`,
    );
  }
  return document;
}
