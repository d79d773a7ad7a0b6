import { element, textElement } from "../../endpoint/xml.ts";
import { AwsError } from "../../protocol/service.ts";
import type { ObjectStore } from "./object-store.ts";

type StoredObject = ReturnType<ObjectStore["headObject"]>;

const none = element("Tagging", element("TagSet"));

/** The tags of objects, stored separately from them: a new object under the same key starts without tags. */
export class ObjectTags {
  private readonly documents = new WeakMap<StoredObject, string>();

  /** The Tagging document in XML. */
  get(object: StoredObject): string {
    return this.documents.get(object) ?? none;
  }

  put(object: StoredObject, document: string): void {
    if (!document.includes("<Tagging"))
      throw new AwsError(400, "MalformedXML", "The body is not a Tagging document.");
    this.documents.set(object, document);
  }

  /** Parses the x-amz-tagging header of a PutObject: `a=1&b=2`. */
  putHeader(object: StoredObject, header: string): void {
    const tags = [...new URLSearchParams(header)].map(([key, value]) =>
      element("Tag", textElement("Key", key), textElement("Value", value)),
    );
    this.documents.set(object, element("Tagging", element("TagSet", ...tags)));
  }

  copy(from: StoredObject, to: StoredObject): void {
    this.documents.set(to, this.get(from));
  }

  delete(object: StoredObject): void {
    this.documents.delete(object);
  }
}
