import type {
  ReceiptDocument,
  ReceiptFacts,
  ReceiptPart,
  StoredReceipt,
} from "../entities/receipt-documents.ts";
import { receiptDocuments } from "../entities/receipt-documents.ts";
import type { DocumentChange, DocumentModel, FactsReader, Removed } from "./document-model.ts";

/** Names a document. */
export type DocumentRef = ReceiptDocument;
/** The ids of a document as they are stored. */
export type StoredDocument = StoredReceipt;
/** Names a part of a document that can be removed. */
export type DocumentPart = ReceiptPart;
/** What current items say about a document. */
export type DocumentFacts = ReceiptFacts;
export type CurrentFacts = FactsReader<DocumentRef, DocumentPart, DocumentFacts>;
/** A part, or the whole document. */
export type RemovedPart = Removed<DocumentPart>;
export type Change = DocumentChange<DocumentRef, DocumentPart>;

/** The documents of this stack: the one place that binds the engine to them. */
export const documentModel: DocumentModel<DocumentRef, DocumentPart, DocumentFacts, StoredReceipt> =
  receiptDocuments;
