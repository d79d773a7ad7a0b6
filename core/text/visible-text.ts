/** Any visible character: no white space, control, zero-width or other ignorable character. */
const visible = /[^\p{White_Space}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]/u;

/** False for a text of spaces, controls and zero-width characters only: it gets no vector (F43). */
export function hasVisibleText(text: string): boolean {
  return visible.test(text);
}
