/** Inputs weighted, summed and squashed: probability = σ(w·x + bias). */
export interface LogisticWeights {
  readonly weights: Float32Array;
  readonly bias: number;
}

export const logisticOutput = 'probability';

/**
 * The ONNX file of a logistic regression: MatMul, Add, Sigmoid; from "input" [N, weights.length] to "probability" [N, 1], float32.
 * Written by the wire format of Protocol Buffers and the field numbers of onnx.proto3 (IR version 8, operator set 13).
 */
export function encodeLogisticAsOnnx({ weights, bias }: LogisticWeights): Uint8Array {
  const width = weights.length;
  const graph = message(
    field(1, node('MatMul', ['input', 'weights'], 'product')),
    field(1, node('Add', ['product', 'bias'], 'sum')),
    field(1, node('Sigmoid', ['sum'], logisticOutput)),
    field(2, text('logistic')),
    field(5, tensor('weights', [width, 1], weights)),
    field(5, tensor('bias', [1], Float32Array.of(bias))),
    field(11, valueInfo('input', width)),
    field(12, valueInfo(logisticOutput, 1)),
  );
  const irVersion = 8n;
  const operatorSet = message(number(2, 13n));
  return message(number(1, irVersion), field(2, text('attune')), field(7, graph), field(8, operatorSet));
}

const floatType = 1n;

const node = (operator: string, inputs: readonly string[], output: string): Uint8Array =>
  message(...inputs.map(it => field(1, text(it))), field(2, text(output)), field(4, text(operator)));

function tensor(name: string, dimensions: readonly number[], values: Float32Array): Uint8Array {
  const raw = new Uint8Array(values.length * 4);
  const view = new DataView(raw.buffer);
  values.forEach((value, i) => { view.setFloat32(i * 4, value, true); });
  return message(...dimensions.map(it => number(1, BigInt(it))), number(2, floatType), field(8, text(name)), field(9, raw));
}

/** A matrix of floats with any number of rows. */
function valueInfo(name: string, columns: number): Uint8Array {
  const shape = message(field(1, message(field(2, text('N')))), field(1, message(number(1, BigInt(columns)))));
  return message(field(1, text(name)), field(2, message(field(1, message(number(1, floatType), field(2, shape))))));
}

const message = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

const text = (value: string): Uint8Array => Uint8Array.from(value, character => character.charCodeAt(0));
const number = (id: number, value: bigint): Uint8Array => message(varint(BigInt(id << 3)), varint(value));
const field = (id: number, content: Uint8Array): Uint8Array => message(varint(BigInt((id << 3) | 2)), varint(BigInt(content.length)), content);

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  do {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0));
    left >>= 7n;
  } while (left > 0n);
  return Uint8Array.from(bytes);
}
