import type { Keeper } from "../../kept/kept-state.ts";
import type { ObjectStore } from "./object-store.ts";
import type { ObjectTags } from "./tagging.ts";

type StoredObject = ReturnType<ObjectStore["headObject"]>;

interface KeptObject {
  readonly object: StoredObject;
  readonly tagging: string;
}

/** The objects of all buckets and their tags; uploads that were not completed are lost. */
export function objectKeeper(objects: ObjectStore, tags: ObjectTags): Keeper {
  return {
    name: "s3",
    save: () =>
      new Map(
        objects
          .listBuckets()
          .map(({ name }) => [
            name,
            objects.objectsOf(name).map((object): KeptObject => ({ object, tagging: tags.get(object) })),
          ]),
      ),
    restore(state) {
      for (const [bucket, kept] of state as ReadonlyMap<string, readonly KeptObject[]>) {
        const restored = kept.map(({ object, tagging }) => {
          const { buffer, byteOffset, byteLength } = object.body;
          const copy = { ...object, body: Buffer.from(buffer, byteOffset, byteLength) };
          tags.put(copy, tagging);
          return copy;
        });
        objects.kept.set(bucket, restored);
      }
    },
  };
}
