/**
 * Whether pages of `origin` may use this server: those it serves itself (the same host), and those allowed. A request
 * without an origin is no page's. `allowed` holds origins such as https://shop.example, or `*` for any.
 */
export function isAllowedOrigin(origin: string | undefined, host: string | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true;
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
