import * as z from "zod";

/** One chunk of a plan: the rows that one function brings into the index. An item of the state machine's map. */
export const chunk = z.object({
  /** From 0. */
  chunk: z.number().int().min(0),
  /** Where the rows are: the caller's bucket, or the catch-up's own. */
  place: z.enum(["source", "work"]),
  key: z.string(),
  /** The object must still be this one. */
  etag: z.string(),
  /** Bytes, both included. */
  first: z.number().int().min(0),
  last: z.number().int().min(0),
  rows: z.number().int().min(0),
  /** Number of its first row in the file. */
  first_row: z.number().int().min(1),
  format: z.enum(["csv", "failed-records"]),
  /** Bytes of the plan's list of replaced rows that are this chunk's; undefined where none of its rows is replaced. */
  replaced: z.tuple([z.number().int().min(0), z.number().int().min(0)]).optional(),
});

export type Chunk = z.infer<typeof chunk>;

/** All that chunks have in common; the chunks themselves stand in a list of their own. */
export const plan = z.object({
  /** Key of the list of chunks, in the work bucket. */
  chunks_key: z.string(),
  columns: z.array(z.string()),
  rows: z.number().int().min(0),
  chunks: z.number().int().min(0),
  /** Column by which rows are filtered; undefined where none is. */
  date_column: z.string().optional(),
  /** What cells are parted by; a comma where it is not said. */
  delimiter: z.string().length(1).optional(),
  /** Columns of which every cell is a number, or true or false; all others are text. Undefined where nobody has looked. */
  number_columns: z.array(z.string()).optional(),
  boolean_columns: z.array(z.string()).optional(),
  /** The rows that later ones replace; undefined where there are none. */
  replaced: z.object({ key: z.string(), etag: z.string() }).optional(),
});

export type Plan = z.infer<typeof plan>;
