import type { ProcessRequest } from "../../../core/catchup/requests/process-request.ts";

/** A request as the API completes it: a CSV, whose dates are not asked for. */
export function requestOf(changed: Partial<ProcessRequest> = {}): ProcessRequest {
  return {
    data_source: "s3_csv",
    start_date: "2024-03-01",
    end_date: "2024-03-02",
    question_id: "12",
    s3_key: "in.csv",
    date_column: "created_at",
    date_column_required: false,
    namespace: "v2",
    batch_size: 3,
    dry_run: false,
    incremental: false,
    host: "auto",
    ...changed,
  };
}
