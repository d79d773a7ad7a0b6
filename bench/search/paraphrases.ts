/** A question in words of its own, and what the rows that answer it contain. */
export interface Paraphrase {
  readonly question: string;
  readonly answer: RegExp;
}

/** Relevance is by strings: a row answers where it contains one of them. */
export const paraphrases: readonly Paraphrase[] = [
  { question: "medicine for a headache", answer: /panadol|paracetamol|aspirin|ibuprofen|\bpain relie/i },
  { question: "money given back to the customer", answer: /\bchange\b|\bbaki\b/i },
  { question: "paid by credit card", answer: /\bvisa\b|master ?card|credit card|amex/i },
  { question: "paid in cash", answer: /\bcash\b(?! (?:sales?|bill|receipt))|\btunai\b/i },
  { question: "tax on goods and services", answer: /\bgst\b|\bsst\b|service tax/i },
  { question: "telephone number of the shop", answer: /\btel\b|\bphone\b|telephone|h\/p/i },
  {
    question: "goods cannot be returned",
    answer: /not (?:refundable|returnable|exchangeable)|no refund|non[- ]refundable/i,
  },
  { question: "they thank their customers", answer: /thank/i },
  { question: "who served at the till", answer: /cashier|served by/i },
  { question: "number of the invoice", answer: /\binv(?:oice)? ?(?:no|num|#|:)|invoice number/i },
  {
    question: "something to drink",
    answer: /\bteh\b|\bkopi\b|coffee|\btea\b|juice|\bwater\b|\bmilk\b|\bcoke\b|\bcola\b|drink/i,
  },
  { question: "rice dish", answer: /\bnasi\b|\brice\b/i },
  { question: "fried noodles", answer: /noodle|\bmee\b|\bmi goreng\b|kuey? ?teow|\bbihun\b/i },
  { question: "chicken meal", answer: /chicken|\bayam\b/i },
  { question: "things for writing", answer: /\bpens?\b|pencil|marker|highlighter/i },
  {
    question: "stationery for school",
    answer: /\bpaper\b|\bbooks?\b|notebook|exercise|\bruler\b|eraser|\bpens?\b|pencil/i,
  },
  {
    question: "tools and hardware",
    answer: /screw|\bnails?\b|\bbolts?\b|hammer|drill|\bpipe\b|\bvalve\b|cement/i,
  },
  { question: "printing and photocopies", answer: /print|photo ?stat|photocop|\bcopy\b|\bcopies\b/i },
  { question: "fuel for the car", answer: /petrol|diesel|\bfuel\b|ron ?9[57]|unleaded/i },
  { question: "fee for parking", answer: /parking/i },
  { question: "a discount was given", answer: /disc(?:ount)?\b/i },
  { question: "amount rounded to five cents", answer: /round/i },
  {
    question: "how many items were bought",
    answer: /total (?:qty|quantity|items?)|qty|no\.? of items?|item count/i,
  },
  { question: "table where they sat", answer: /\btable\b|\btbl\b|\bmeja\b/i },
  { question: "opening hours", answer: /opening|business hours|\bopen\b.*(?:am|pm)/i },
  { question: "email or website", answer: /@|www\.|http|e-?mail/i },
  { question: "fax number", answer: /\bfax\b/i },
  { question: "bread and pastry", answer: /\bbread\b|\broti\b|\bbun\b|\bcake\b|pastry|croissant/i },
  { question: "cleaning products", answer: /detergent|\bsoap\b|cleaner|\bclean\b|bleach|tissue|washing/i },
  { question: "plastic containers", answer: /plastic|container|\bbasin\b/i },
  {
    question: "light bulbs and electrical parts",
    answer: /\bbulb|\bled\b|\bcable\b|\bsocket\b|\bplug\b|battery|\blamp\b/i,
  },
  {
    question: "fruit and vegetables",
    answer: /apple|orange|banana|\bfruit|vegetable|\bsayur|tomato|onion|carrot/i,
  },
  { question: "fish or seafood", answer: /\bfish\b|\bikan\b|prawn|squid|\bsotong\b|seafood|crab/i },
  { question: "loyalty points and membership", answer: /member|\bpoints?\b/i },
  { question: "extra charge for service", answer: /service ch|svc ch|serv\.? ?charge/i },
  { question: "paint and brushes", answer: /\bpaint|\bbrush/i },
];
