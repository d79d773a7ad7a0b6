import { element, textElement } from "../../endpoint/xml.ts";
import { type ApiCall, AwsError, type Reply } from "../../protocol/service.ts";
import { checkDelete } from "./conditions.ts";
import type { ObjectStore } from "./object-store.ts";

interface Wanted {
  readonly key: string;
  readonly etag: string | undefined;
}

const maxKeys = 1000;
const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Parses the requested deletions of a batch. */
export function readDeletions(body: Buffer): readonly Wanted[] {
  return [...body.toString("utf8").matchAll(/<Object>([\s\S]*?)<\/Object>/g)].map(([, object = ""]) => ({
    key: textOf(object, "Key") ?? "",
    etag: textOf(object, "ETag"),
  }));
}

/** Each key for itself: one whose condition does not hold is listed, and keeps no other back. */
export function deleteObjects(objects: ObjectStore, call: ApiCall, bucket: string): Reply {
  const wanted = readDeletions(call.body);
  if (wanted.length === 0 || wanted.length > maxKeys) {
    throw new AwsError(
      400,
      "MalformedXML",
      `The XML you provided was not well-formed or did not validate against our published schema: it names ${wanted.length} objects, of 1 to ${maxKeys}.`,
    );
  }
  const quiet = /<Quiet>true<\/Quiet>/i.test(call.body.toString("utf8"));
  const results = wanted.map(({ key, etag }) => {
    try {
      checkDelete(objects.existing(bucket, key), etag);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const { code, message } = error;
      return element(
        "Error",
        textElement("Key", key),
        textElement("Code", code),
        textElement("Message", message),
      );
    }
    objects.deleteObject(bucket, key);
    return quiet ? "" : element("Deleted", textElement("Key", key));
  });
  return {
    status: 200,
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0" encoding="UTF-8"?><DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${results.join("")}</DeleteResult>`,
  };
}

function textOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(xml)?.[1];
  return text
    ?.replace(/&#(x?)([0-9a-f]+);/gi, (_, hex: string, digits: string) =>
      String.fromCodePoint(Number.parseInt(digits, hex === "" ? 10 : 16)),
    )
    .replace(/&(amp|lt|gt|quot|apos);/g, (entity, named: string) => entities[named] ?? entity);
}
