import type { SqlFailure } from "../../postgres/messages.ts";
import { AwsError } from "../../protocol/service.ts";

/** Converts an error of the database to the format of the Data API: one text that ends with the SQLSTATE. */
export function databaseError({ message, sqlState, detail, hint }: SqlFailure): AwsError {
  const lines = [
    message,
    ...(detail === undefined ? [] : [`  Detail: ${detail}`]),
    ...(hint === undefined ? [] : [`  Hint: ${hint}`]),
  ];
  return new AwsError(400, "DatabaseErrorException", `${lines.join("\n")}; SQLState: ${sqlState}`);
}
