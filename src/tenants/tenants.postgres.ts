import { createHash, randomBytes } from 'node:crypto';
import type { Prisma, PrismaClient } from '../generated/prisma/client.js';
import { Conflict, DependencyUnavailable, NotFound } from '../kernel/errors.js';
import type { ApiKey, ApiKeys, KeyRole, KeySecret, NewKey } from './api-key.js';
import type { FirstKeys, Tenant, Tenants } from './tenant.js';

const shown = { id: true, tenantId: true, role: true, name: true, createdAt: true, revokedAt: true } as const;
const secrets = { id: true, tenantId: true, role: true, secretHash: true, signingSecret: true } as const;
const maxListed = 1000;

export class PostgresTenants implements Tenants, ApiKeys {
  readonly #prisma: PrismaClient;

  constructor(prisma: PrismaClient) {
    this.#prisma = prisma;
  }

  list(): Promise<readonly Tenant[]> {
    return this.#prisma.tenant.findMany({ select: { id: true, name: true }, orderBy: { id: 'asc' } });
  }

  provision({ id, name }: Tenant): Promise<FirstKeys> {
    return this.#prisma.$transaction(async tx => {
      const { count } = await tx.tenant.createMany({ data: [{ id, name }], skipDuplicates: true });
      if (count === 0) throw new Conflict('There is a tenant of this id');
      const first = (role: KeyRole): Promise<NewKey> => insertKey(tx, id, 'provisioning', { role, name: `First ${role} key` });
      return { admin: await first('admin'), server: await first('server'), browser: await first('browser') };
    });
  }

  async keysOf(tenantId: string): Promise<readonly ApiKey[]> {
    const rows = await this.#prisma.apiKey.findMany({
      where: { tenantId },
      select: shown,
      orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
      take: maxListed,
    });
    return rows.map(inRole);
  }

  create(tenantId: string, actor: string, key: Pick<ApiKey, 'role' | 'name'>): Promise<NewKey> {
    return this.#prisma.$transaction(tx => insertKey(tx, tenantId, actor, key));
  }

  revoke(tenantId: string, actor: string, id: string): Promise<ApiKey> {
    return this.#prisma.$transaction(async tx => {
      // Two that revoke the last two admin keys at once wait for each other here.
      await tx.$queryRaw`SELECT id FROM tenants WHERE id = ${tenantId} FOR UPDATE`;
      const before = id.includes('\0') ? null : await tx.apiKey.findFirst({ where: { tenantId, id }, select: shown });
      if (before === null) throw new NotFound('There is no such key', { details: { path: '/id' } });
      if (before.revokedAt !== null) return inRole(before);
      const others = await tx.apiKey.count({ where: { tenantId, role: 'admin', revokedAt: null, id: { not: id } } });
      if (before.role === 'admin' && others === 0) throw new Conflict('The last admin key cannot be revoked; make another one first');
      const after = await tx.apiKey.update({ where: { id }, data: { revokedAt: new Date() }, select: shown });
      await tx.auditEntry.create({ data: { tenantId, actor, action: 'revoke', subject: `apiKey/${id}` } });
      return inRole(after);
    });
  }

  async secretOf(id: string): Promise<KeySecret | undefined> {
    try {
      const row = await this.#prisma.apiKey.findUnique({ where: { id, revokedAt: null }, select: secrets });
      return row === null ? undefined : inRole(row);
    } catch (cause) {
      throw new DependencyUnavailable('Keys cannot be read at the moment', { cause });
    }
  }

  async signingKey(tenantId: string): Promise<KeySecret> {
    const row = await this.#prisma.apiKey.findFirst({
      where: { tenantId, role: 'browser', revokedAt: null },
      orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
      select: secrets,
    });
    if (row === null) throw new Conflict('The tenant has no browser key that could sign; make one first');
    return inRole(row);
  }
}

async function insertKey(
  tx: Prisma.TransactionClient,
  tenantId: string,
  actor: string,
  { role, name }: Pick<ApiKey, 'role' | 'name'>,
): Promise<NewKey> {
  const id = randomBytes(8).toString('hex');
  const secret = randomBytes(32);
  const text = secret.toString('base64url');
  const kept = role === 'browser' ? { signingSecret: bytesOf(secret) } : { secretHash: bytesOf(createHash('sha256').update(text).digest()) };
  const row = await tx.apiKey.create({ data: { id, tenantId, role, name, ...kept }, select: shown });
  await tx.auditEntry.create({ data: { tenantId, actor, action: 'create', subject: `apiKey/${id}`, details: { role } } });
  return { key: inRole(row), credential: role === 'browser' ? null : `atk_${id}_${text}` };
}

/** The column holds nothing else: rows are written here alone. */
function inRole<T extends { readonly role: string }>(row: T): Omit<T, 'role'> & { readonly role: KeyRole } {
  return { ...row, role: row.role as KeyRole };
}

const bytesOf = (buffer: Buffer): Uint8Array<ArrayBuffer> => new Uint8Array(buffer);
