import { fiveDigits } from "../../../core/receipts/receipt.ts";
import type { ItemKey } from "./compaction-rig.ts";
import { imageId } from "./sample-deltas.ts";

/** Keys of the items of the n-th image's receipt. */
export function itemsOf(image: number) {
  const key = (rest: string): ItemKey => ({ PK: `IMAGE#${imageId(image)}`, SK: `RECEIPT#00001${rest}` });
  const line = (id: number) => `#LINE#${fiveDigits(id)}`;
  const word = (lineId: number, id: number) => `${line(lineId)}#WORD#${fiveDigits(id)}`;
  return {
    receipt: key(""),
    metadata: key("#METADATA"),
    place: key("#PLACE"),
    line: (id: number) => key(line(id)),
    word: (lineId: number, id: number) => key(word(lineId, id)),
    label: (lineId: number, wordId: number, label: string) => key(`${word(lineId, wordId)}#LABEL#${label}`),
  };
}
