import type { Migration } from "./migration.ts";

export const refused: Migration = {
  number: 2,
  name: "what was refused of an item",
  // The sequencer of the object that no model describes, or the analysis that none embeds.
  statements: [`alter table items add column if not exists refused text collate "C"`],
};
