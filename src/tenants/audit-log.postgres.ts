import type { PrismaClient } from '../generated/prisma/client.js';
import type { Json } from '../kernel/json.js';
import type { AuditEntry, AuditLog } from './audit.js';

export class PostgresAuditLog implements AuditLog {
  readonly #prisma: PrismaClient;

  constructor(prisma: PrismaClient) {
    this.#prisma = prisma;
  }

  async list(tenantId: string, { first, before }: { readonly first: number; readonly before?: number | undefined }): Promise<readonly AuditEntry[]> {
    const rows = await this.#prisma.auditEntry.findMany({
      where: { tenantId, ...(before !== undefined && { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: first,
    });
    return rows.map(({ id, at, actor, action, subject, details }) => ({ id: Number(id), at, actor, action, subject, details: details as Json }));
  }
}
