import { createHash, timingSafeEqual } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Authenticate, Principal } from '../graphql/principal.js';
import type { Clock } from '../kernel/clock.js';
import { AppError, DependencyUnavailable, Unauthenticated } from '../kernel/errors.js';
import type { ApiKeys, KeySecret, MintBrowserToken } from './api-key.js';
import { parseClaims } from './api-key.schema.js';

/** `atk_`, the id of the key, and its secret. */
const keyPattern = /^atk_([0-9a-f]{16})_([\w-]{43})$/;
const maxCredentialLength = 4096;
/** So long is a credential taken as good without a look at the store: a key that has been revoked works no longer than this. */
const trustMs = 3000;
const maxCached = 10_000;

interface Checked {
  readonly principal: Principal;
  readonly at: number;
}

/** Says whom a credential belongs to, by the keys that are stored. */
export class Credentials {
  readonly #keys: Pick<ApiKeys, 'secretOf' | 'signingKey'>;
  readonly #clock: Clock;
  /** By digest, so that memory does not hold the secrets of all. */
  readonly #checked = new LRUCache<string, Checked>({ max: maxCached });
  readonly #checking = new Map<string, Promise<Principal>>();
  /** Requests of one backend come with the same credential again and again: the digest costs as much as a model's row. */
  #last = { credential: '', digest: '' };

  constructor(keys: Pick<ApiKeys, 'secretOf' | 'signingKey'>, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  readonly authenticate: Authenticate = async credential => {
    if (credential === undefined) throw new Unauthenticated('A key is missing');
    if (credential.length > maxCredentialLength) throw refused();
    const digest = this.#digestOf(credential);
    const checked = this.#checked.get(digest);
    const principal =
      checked !== undefined && this.#clock.now() - checked.at < trustMs ? checked.principal : await this.#checkOnce(digest, credential, checked);
    if (principal.expiresAtMs !== undefined && principal.expiresAtMs <= this.#clock.now()) throw refused();
    return principal;
  };

  /** A token by which a browser speaks for one customer. */
  readonly mint: MintBrowserToken = async (tenantId, customerId, ttlSeconds) => {
    const { id, signingSecret } = await this.#keys.signingKey(tenantId);
    const now = Math.floor(this.#clock.now() / 1000);
    const token = await new SignJWT({ tid: tenantId })
      .setProtectedHeader({ alg: 'HS256', kid: id })
      .setSubject(customerId)
      .setIssuedAt(now)
      .setExpirationTime(now + ttlSeconds)
      .sign(signingSecret ?? new Uint8Array());
    return { token, expiresAt: new Date((now + ttlSeconds) * 1000) };
  };

  #digestOf(credential: string): string {
    if (credential !== this.#last.credential) this.#last = { credential, digest: createHash('sha256').update(credential).digest('base64') };
    return this.#last.digest;
  }

  /** Requests that come together with the same credential wait for one look at the store. */
  async #checkOnce(digest: string, credential: string, before: Checked | undefined): Promise<Principal> {
    let checking = this.#checking.get(digest);
    if (checking === undefined) {
      checking = this.#check(digest, credential, before).finally(() => this.#checking.delete(digest));
      this.#checking.set(digest, checking);
    }
    return checking;
  }

  /** While the store does not answer, what was good stays good: decisions go on, and nothing can be revoked in it either. */
  async #check(digest: string, credential: string, before: Checked | undefined): Promise<Principal> {
    try {
      const principal = credential.startsWith('atk_') ? await this.#ofKey(credential) : await this.#ofToken(credential);
      this.#checked.set(digest, { principal, at: this.#clock.now() });
      return principal;
    } catch (error) {
      if (!(error instanceof DependencyUnavailable) || before === undefined) {
        this.#checked.delete(digest);
        throw error;
      }
      this.#checked.set(digest, { principal: before.principal, at: this.#clock.now() });
      return before.principal;
    }
  }

  async #ofKey(credential: string): Promise<Principal> {
    const [, id, secret] = keyPattern.exec(credential) ?? [];
    if (id === undefined || secret === undefined) throw refused();
    const key = await this.#keys.secretOf(id);
    const hash = createHash('sha256').update(secret).digest();
    if (!key?.secretHash || !timingSafeEqual(hash, key.secretHash)) throw refused();
    return { tenantId: key.tenantId, role: key.role, keyId: key.id };
  }

  async #ofToken(token: string): Promise<Principal> {
    let key: KeySecret | undefined;
    try {
      const { payload } = await jwtVerify(
        token,
        async ({ kid }) => {
          key = /^[0-9a-f]{16}$/.test(kid ?? '') ? await this.#keys.secretOf(kid ?? '') : undefined;
          if (!key?.signingSecret) throw refused();
          return key.signingSecret;
        },
        { algorithms: ['HS256'], currentDate: new Date(this.#clock.now()) },
      );
      const { sub, tid, exp } = parseClaims(payload);
      if (key?.tenantId !== tid) throw refused();
      return { tenantId: tid, role: 'browser', keyId: key.id, customerId: sub, expiresAtMs: exp * 1000 };
    } catch (error) {
      if (error instanceof DependencyUnavailable) throw error;
      throw new Unauthenticated('The key or token is not valid', { cause: error instanceof AppError ? undefined : error });
    }
  }
}

const refused = (): Unauthenticated => new Unauthenticated('The key or token is not valid');
