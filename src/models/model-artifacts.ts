/** Bytes of models, by their SHA-256. They never change, so that any version of a model can be run again. */
export interface ModelArtifacts {
  /** Answers with the SHA-256, in hex. Storing the same bytes again changes nothing. */
  put(tenantId: string, bytes: Uint8Array): Promise<string>;
  /** @throws NotFound for a digest that the tenant has never stored */
  get(tenantId: string, sha256: string): Promise<Uint8Array>;
}
