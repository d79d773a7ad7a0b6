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

/** What a row says, in typed values. */
export type RowTraits = ReceiptTraits;
/** What the rows of a document have in common. */
export type DocumentHead = ReceiptHead;
/** What a question says. */
export type Question = ReceiptQuestion;
/** Fields of a request that are short for a term of metadata. */
export type TermName = ReceiptTerm;
/** The ids in a hit. */
export type HitPlace = ReceiptPlace;
/** What a hit shows of its document. */
export type HitShown = ReceiptShown;
/** What was read out of a question, as answers show it. */
export type Understood = ReceiptUnderstood;
/** What neighbours say together. */
export type Evidence = LabelEvidence;
export type RowOfDocument = SearchedRow<RowTraits>;
export type ConditionCandidate = Candidate<RowTraits, DocumentHead>;

/** What search knows of the documents of this stack: the one place that binds it to them. */
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
