/** Metabase's error response before a query runs. A string is sent as text, anything else as JSON. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: string | object;

  constructor(status: number, body: string | object) {
    super(JSON.stringify(body));
    this.name = "ApiError";
    this.status = status;
    this.body = body;
  }
}

/** The body of a query that failed, whatever the status is that comes with it. */
export function failedQuery(error: string): object {
  return {
    status: "failed",
    class: "class java.sql.SQLException",
    error,
    error_type: "invalid-query",
    row_count: 0,
    data: { rows: [], cols: [] },
  };
}
