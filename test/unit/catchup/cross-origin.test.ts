import { crossOriginHeaders, preflightHeaders } from "../../../core/catchup/api/cross-origin.ts";

const allowed = ["https://app.example.com", "http://localhost:5173"];

test.each(allowed)("a page of %s may read the answer, and may ask with a key", (origin) => {
  expect(crossOriginHeaders(origin, allowed)).toMatchObject({ "access-control-allow-origin": origin });
  const preflight = preflightHeaders(origin, allowed);
  expect(preflight["access-control-allow-origin"]).toBe(origin);
  expect(preflight["access-control-allow-methods"]).toBe("GET, POST");
  for (const header of ["x-api-key", "content-type", "idempotency-key", "authorization", "x-amz-date"])
    expect(preflight["access-control-allow-headers"]?.split(", ")).toContain(header);
});

test.each([
  "https://app.example.com.evil.example",
  "https://evil.example",
  "http://app.example.com",
  "https://app.example.com:8443",
  "null",
  "",
])("a page of another origin may not, however like it looks: %j", (origin) => {
  expect(crossOriginHeaders(origin, allowed)).toEqual({ vary: "origin" });
  expect(preflightHeaders(origin, allowed)).toEqual({ vary: "origin" });
});

test("a program sends no origin, and its answer is not kept for a page", () => {
  expect(crossOriginHeaders(undefined, allowed)).toEqual({ vary: "origin" });
});

test("where no origin is allowed, no CORS header is sent", () => {
  expect(crossOriginHeaders("https://app.example.com", [])).toEqual({});
  expect(preflightHeaders("https://app.example.com", [])).toEqual({});
});

test("no origin is ever allowed with credentials, nor all of them", () => {
  const headers = preflightHeaders(allowed[0], allowed);
  expect(headers).not.toHaveProperty("access-control-allow-credentials");
  expect(Object.values(headers)).not.toContain("*");
});
