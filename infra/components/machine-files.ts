/**
 * A file of variables as systemd reads it (EnvironmentFile), and a shell too. In double quotes both take a backslash before
 * these four characters. Throws for a value of several lines, which no variable of this project has.
 */
export function environmentFile(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => {
      if (/[\n\r\0]/.test(value)) throw new Error(`The variable ${name} has several lines.`);
      return `${name}="${value.replace(/["\\$`]/g, "\\$&")}"`;
    })
    .join("\n");
}

/** A text with every `@NAME@` of the values replaced. Throws if it does not have one of them. */
export function filledIn(template: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((text, [name, value]) => {
    if (!template.includes(`@${name}@`)) throw new Error(`The template has no @${name}@.`);
    return text.replaceAll(`@${name}@`, () => value);
  }, template);
}
