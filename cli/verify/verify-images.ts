import { repairImage } from "../../core/images/verify/resend.ts";
import { verifyImages } from "../../core/images/verify/verify-images.ts";
import { findingLines } from "../images/report.ts";
import { stackImages } from "../images/stack-images.ts";
import type { StackOutputs } from "../target.ts";
import { terminalJson } from "../terminal-text.ts";

/**
 * Compares images with their items, analyses and vectors; with `repair`, starts the missing steps. Returns the exit
 * code.
 */
export async function verifyStackImages(
  outputs: StackOutputs,
  { repair, json }: { readonly repair: boolean; readonly json: boolean },
): Promise<number> {
  const images = stackImages(outputs);
  const deps = { s3: images.s3, bucket: images.outputs.bucket, states: images.states };
  const report = await verifyImages(deps);
  process.stdout.write(`${json ? terminalJson(report) : findingLines(report).join("\n")}\n`);
  if (report.findings.length === 0) return 0;
  if (repair) {
    for (const finding of report.findings) await repairImage(finding, images);
    process.stderr.write(
      `${report.findings.length} were sent again. Run it again when the queues are empty.\n`,
    );
  }
  return 1;
}
