import * as z from "zod";

/** A chunk of a plan: the rows that one function invocation processes. An item of the state machine's map. */
export const chunk = z.object({
  /** Starts at 0. */
  chunk: z.number().int().min(0),
  /** The bucket with the rows: the caller's, or catch-up's own. */
  place: z.enum(["source", "work"]),
  key: z.string(),
  /** The etag that the object must still have. */
  etag: z.string(),
  /** Range of bytes, both included. */
  first: z.number().int().min(0),
  last: z.number().int().min(0),
  rows: z.number().int().min(0),
  /** Row number of its first row in the file. */
  first_row: z.number().int().min(1),
  format: z.enum(["csv", "failed-records"]),
  /** Byte range of this chunk in the plan's list of replaced rows; undefined if none of its rows is replaced. */
  replaced: z.tuple([z.number().int().min(0), z.number().int().min(0)]).optional(),
});

export type Chunk = z.infer<typeof chunk>;

/** The part of a plan that all chunks share; the chunks are in a separate list. */
export const plan = z.object({
  /** Key of the list of chunks, in the work bucket. */
  chunks_key: z.string(),
  columns: z.array(z.string()),
  rows: z.number().int().min(0),
  chunks: z.number().int().min(0),
  /** The column by which rows are filtered; undefined if they are not. */
  date_column: z.string().optional(),
  /** The delimiter of cells. @default a comma */
  delimiter: z.string().length(1).optional(),
  /**
   * Columns in which every cell is a number, or every cell a boolean; all others are text. Undefined in plans that did
   * not determine types.
   */
  number_columns: z.array(z.string()).optional(),
  boolean_columns: z.array(z.string()).optional(),
  /** Namespaces of its rows, at most a thousand; undefined in plans from before they were listed. */
  namespaces: z.array(z.string()).optional(),
  /** The list of rows that later ones replace; undefined if there are none. */
  replaced: z.object({ key: z.string(), etag: z.string() }).optional(),
});

export type Plan = z.infer<typeof plan>;
