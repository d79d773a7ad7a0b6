/** A rule of a security group, in EC2's words. */
export interface GroupRule {
  readonly id: string;
  readonly groupId: string;
  readonly isEgress: boolean;
  readonly protocol: string;
  readonly fromPort: number | undefined;
  readonly toPort: number | undefined;
  /** The source or target group of the traffic. */
  readonly referencedGroupId: string | undefined;
  readonly cidr: string | undefined;
}

/** The declared rules. They are returned and not enforced: all processes share one loopback. */
export class SecurityGroups {
  readonly #rules: GroupRule[] = [];

  addRule(rule: GroupRule): void {
    this.#rules.push(rule);
  }

  rulesOf(groupIds: readonly string[]): GroupRule[] {
    return this.#rules.filter(({ groupId }) => groupIds.includes(groupId));
  }
}
