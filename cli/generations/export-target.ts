/** The target of `--export`. */
export type ExportTarget =
  | { readonly kind: "bucket"; readonly bucket: string; readonly prefix: string }
  | { readonly kind: "folder"; readonly path: string };

const bucketUrl = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;

/** Parses `s3://bucket`, `s3://bucket/prefix` or a folder. Returns undefined for any other URL. */
export function exportTarget(text: string): ExportTarget | undefined {
  const [url, bucket, path = ""] = bucketUrl.exec(text) ?? [];
  if (url !== undefined && bucket !== undefined) {
    const prefix = path.replace(/\/+$/, "");
    return { kind: "bucket", bucket, prefix: prefix === "" ? "" : `${prefix}/` };
  }
  return text === "" || /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? undefined : { kind: "folder", path: text };
}
