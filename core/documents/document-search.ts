import type {
  LabelEvidence,
  ReceiptHead,
  ReceiptPlace,
  ReceiptQuestion,
  ReceiptShown,
  ReceiptTerm,
  ReceiptTraits,
  ReceiptUnderstood,
} from "../receipts/search/receipt-search.ts";
import { receiptSearch } from "../receipts/search/receipt-search.ts";
import type { Candidate, SearchedRow, SearchModel } from "./search-model.ts";

/** The typed values of a row. */
export type RowTraits = ReceiptTraits;
/** The common data of a document's rows. */
export type DocumentHead = ReceiptHead;
/** The content of a question. */
export type Question = ReceiptQuestion;
/** Request fields that stand for a metadata term. */
export type TermName = ReceiptTerm;
/** The ids in a hit. */
export type HitPlace = ReceiptPlace;
/** The fields of a hit that describe its document. */
export type HitShown = ReceiptShown;
/** The understood part of a question, in the format of responses. */
export type Understood = ReceiptUnderstood;
/** The combined evidence of neighbours. */
export type Evidence = LabelEvidence;
export type RowOfDocument = SearchedRow<RowTraits>;
export type ConditionCandidate = Candidate<RowTraits, DocumentHead>;

/** The search model of this stack's documents. Search uses documents only through it. */
export const documentSearch: SearchModel<
  RowTraits,
  DocumentHead,
  Question,
  TermName,
  HitPlace,
  HitShown,
  Understood,
  Evidence
> = receiptSearch;
