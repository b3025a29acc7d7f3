import { TestEnvironment } from 'jest-environment-node';

/** ONNX Runtime answers with the typed arrays of Node's own realm, and knows no others. */
export default class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const it of [Float32Array, Float64Array, Int32Array, BigInt64Array]) this.global[it.name] = it;
  }
}
