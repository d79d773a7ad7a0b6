import type {
  ReceiptDocument,
  ReceiptFacts,
  ReceiptPart,
  StoredReceipt,
} from "../entities/receipt-documents.ts";
import { receiptDocuments } from "../entities/receipt-documents.ts";
import type { DocumentChange, DocumentModel, FactsReader, Removed } from "./document-model.ts";

/** Identifies a document. */
export type DocumentRef = ReceiptDocument;
/** The ids of a document as they are stored. */
export type StoredDocument = StoredReceipt;
/** Identifies a part of a document that can be removed. */
export type DocumentPart = ReceiptPart;
/** The data in the current items of a document. */
export type DocumentFacts = ReceiptFacts;
export type CurrentFacts = FactsReader<DocumentRef, DocumentPart, DocumentFacts>;
/** A part, or the whole document. */
export type RemovedPart = Removed<DocumentPart>;
export type Change = DocumentChange<DocumentRef, DocumentPart>;

/** The document model of this stack. The engine uses documents only through it. */
export const documentModel: DocumentModel<DocumentRef, DocumentPart, DocumentFacts, StoredReceipt> =
  receiptDocuments;
