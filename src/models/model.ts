import type { InputContract } from './input-contract.js';

/** A registered model: what it is given, what it answers, and the artifact that computes it. */
export interface ModelDefinition {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly runtime: 'onnx';
  /** SHA-256 of the artifact, in hex. */
  readonly artifact: string;
  readonly inputs: InputContract;
  /** Name of the output tensor, [rows, 1], float32: the probability of a click. */
  readonly output: string;
  /** It scores for customers only who consent to all of them. */
  readonly purposes?: readonly string[] | undefined;
}
