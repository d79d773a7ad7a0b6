import { accountId, region } from "../protocol/account.ts";

const prefix = `arn:aws:states:${region}:${accountId}`;

export function stateMachineArn(name: string): string {
  return `${prefix}:stateMachine:${name}`;
}

export function executionArn(machineName: string, executionName: string): string {
  return `${prefix}:execution:${machineName}:${executionName}`;
}

/** Returns the machine name of a distributed Map state's children: `NAME/LABEL`, as in their ARNs. */
export function childMachineName(machineName: string, label: string): string {
  return `${machineName}/${label}`;
}

export function mapRunArn(machineName: string, label: string, id: string): string {
  return `${prefix}:mapRun:${childMachineName(machineName, label)}:${id}`;
}
