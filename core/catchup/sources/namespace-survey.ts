const maxNamespaces = 1_000;

/** The namespaces of a source's rows, the first of them, because a plan holds their names. */
export class NamespaceSurvey {
  readonly #seen = new Set<string>();

  see(namespace: string): void {
    if (this.#seen.size < maxNamespaces) this.#seen.add(namespace);
  }

  join(other: NamespaceSurvey): void {
    for (const namespace of other.#seen) this.see(namespace);
  }

  get names(): string[] {
    return [...this.#seen];
  }
}
