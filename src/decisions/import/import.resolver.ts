import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { requireRole } from '../../graphql/principal.js';
import type { RequestContext } from '../../graphql/request-context.js';
import { ImportDecisionsInput, ImportDecisionsPayload } from './import-decisions.input.js';
import { parseImport } from './import-decisions.schema.js';
import type { ImportedLogs, ImportResult } from './imported-decision.js';

@Resolver()
export class ImportResolver {
  readonly #logs: ImportedLogs;

  constructor(logs: ImportedLogs) {
    this.#logs = logs;
  }

  @Mutation(() => ImportDecisionsPayload, {
    description: 'Keeps logged decisions of another system, with what came of them, so that policies can be evaluated on them. They teach no live bandit.',
  })
  async importDecisions(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => ImportDecisionsInput) input: ImportDecisionsInput,
  ): Promise<ImportResult> {
    requireRole(principal, 'admin');
    return this.#logs.add(principal.tenantId, parseImport(input));
  }
}
