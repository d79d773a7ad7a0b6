/** Anything that puts ink on paper: no white space, no control, no zero-width or other ignorable character. */
const visible = /[^\p{White_Space}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]/u;

/** False for a text of spaces, controls, zero-width joiners and the like alone: it means nothing and gets no vector (F43). */
export function hasVisibleText(text: string): boolean {
  return visible.test(text);
}
