const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\r": "&#13;",
};

export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => entities[character] ?? character);
}

/** An element that holds text. */
export function textElement(name: string, text: string | number | boolean): string {
  return `<${name}>${escapeXml(String(text))}</${name}>`;
}

/** An element that holds elements. */
export function element(name: string, ...children: string[]): string {
  return `<${name}>${children.join("")}</${name}>`;
}
