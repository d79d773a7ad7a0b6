import { z } from "zod";

/** The query protocol sends text for the numbers, booleans and times of the JSON protocol. */
export const wireNumber = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/)
    .transform(Number),
]);

export const wireBoolean = z.union([
  z.boolean(),
  z.enum(["true", "false"]).transform((text) => text === "true"),
]);

/** Epoch milliseconds. JSON has epoch seconds. */
export const wireTime = z.union([
  z.number().transform((seconds) => Math.round(seconds * 1000)),
  z
    .string()
    .transform((text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)))
    .refine((time) => !Number.isNaN(time), { message: "is no time" }),
]);
