import { createHash, createHmac } from "node:crypto";
import type { HttpCall } from "../endpoint/router.ts";

const form =
  /^AWS4-HMAC-SHA256 Credential=(?<id>[^/]+)\/(?<scope>[^,]+),\s*SignedHeaders=(?<names>[^,]+),\s*Signature=(?<signature>[0-9a-f]{64})$/;
const mustBeSigned = ["host", "x-amz-date"];

/** Whether a call's SigV4 signature is that of this secret over method, path, query, signed headers and body. */
export function isSignedWith(secret: string, call: HttpCall): boolean {
  const { scope = "", names = "", signature } = form.exec(call.headers.authorization ?? "")?.groups ?? {};
  const signed = names.split(";");
  if (signature === undefined || !mustBeSigned.every((name) => signed.includes(name))) return false;
  const [path = "", query = ""] = call.target.split("?");
  const canonical = [
    call.method,
    path.split("/").map(encoded).join("/"),
    canonicalQuery(query),
    ...signed.map((name) => `${name}:${(call.headers[name] ?? "").trim().replace(/\s+/g, " ")}`),
    "",
    names,
    digest(call.body),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", call.headers["x-amz-date"] ?? "", scope, digest(canonical)].join("\n");
  const key = scope.split("/").reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${secret}`);
  return hmac(key, toSign).toString("hex") === signature;
}

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join("&");
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function digest(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
