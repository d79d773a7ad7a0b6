/** A subcommand of `npx vectorkeep`. */
export interface Command {
  /** The module that runs it, from the project's folder. It reads its own arguments, and has `--help`. */
  readonly module: string;
  /** One line for `npx vectorkeep --help`. */
  readonly says: string;
  /** Its name under `npm run`. @default the command's own */
  readonly script?: string;
}

/** Every subcommand, in the order of the help. A new one is one entry here, and an `npm run` script of package.json. */
export const commands: Readonly<Record<string, Command>> = {
  start: { module: "local/main.ts", says: "run the whole product on this computer" },
  export: { module: "cli/export.ts", says: "send the receipts of a folder to a stack" },
  search: { module: "cli/search.ts", says: "search the published receipts" },
  demo: {
    module: "cli/demo-change.ts",
    says: "change a merchant and a label, then search for them",
    script: "demo:change",
  },
  catchup: { module: "cli/catchup.ts", says: "index a CSV or a Metabase question in Pinecone" },
  bulk: { module: "cli/bulk.ts", says: "the same for jobs of any size, by workers" },
  images: { module: "cli/images.ts", says: "upload images, and search them by what they show" },
  merchants: { module: "cli/merchants.ts", says: "list, accept or dismiss proposed merchants" },
  verify: { module: "cli/verify.ts", says: "compare every published vector with its items; repair" },
  failed: { module: "cli/failed.ts", says: "list, replay or purge what failed" },
  generations: { module: "cli/generations.ts", says: "list, restore or rebuild published generations" },
  logs: { module: "cli/logs.ts", says: "print the log lines of a stack, or those about one image" },
  doctor: { module: "cli/doctor.ts", says: "check keys, models, streams, alarms and files" },
};
