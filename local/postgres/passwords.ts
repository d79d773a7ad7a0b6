import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";

const verifier = /^SCRAM-SHA-256\$(?<iterations>\d+):(?<salt>[^$]+)\$(?<storedKey>[^:]+):/;

/** Whether the password is the one of a `rolpassword` of pg_authid, which is a SCRAM verifier (RFC 5802). */
export function passwordMatches(password: string, rolpassword: string): boolean {
  const { iterations = "", salt = "", storedKey = "" } = verifier.exec(rolpassword)?.groups ?? {};
  if (storedKey === "") return false;
  const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), Number(iterations), 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  return timingSafeEqual(createHash("sha256").update(clientKey).digest(), Buffer.from(storedKey, "base64"));
}
