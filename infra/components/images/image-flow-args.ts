import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config.ts";
import type { FunctionDefaults } from "../bundled-function.ts";
import type { Named } from "../named.ts";
import type { Network } from "../network.ts";
import type { ImageCode } from "./image-code.ts";

export interface ImageFlowArgs {
  readonly code: ImageCode;
  readonly settings: Settings["images"];
  readonly secrets: {
    readonly anthropicApiKey: pulumi.Output<string> | undefined;
    readonly openAiApiKey: pulumi.Output<string> | undefined;
    readonly voyageApiKey: pulumi.Output<string>;
    readonly otlpHeaders: pulumi.Output<string> | undefined;
  };
  readonly keepData: boolean;
  /** Holds the rate limiters. */
  readonly control: Named;
  readonly network: Network;
  readonly defaults: FunctionDefaults;
}
