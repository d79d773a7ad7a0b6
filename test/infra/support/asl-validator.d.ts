/** The part of asl-validator 4.0.0 that the tests use. */
declare module "asl-validator" {
  export default function validate(definition: object): {
    readonly isValid: boolean;
    errorsText(separator?: string): string;
  };
}
