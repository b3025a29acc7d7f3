import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { DateTimeScalar, JsonScalar } from '../graphql/scalars.js';
import { connectionTypeOf } from '../graphql/pagination.js';
import type { ApiKey, BrowserToken, KeyRole } from './api-key.js';
import type { AuditEntry } from './audit.js';

export const keyRoleEnum: { readonly [K in KeyRole]: K } = { admin: 'admin', server: 'server', browser: 'browser' };
registerEnumType(keyRoleEnum, {
  name: 'KeyRole',
  valuesConfig: {
    admin: { description: 'Configures, and does what a server does.' },
    server: { description: 'Asks for decisions, sends events and outcomes.' },
    browser: { description: 'Signs tokens that speak for one customer each.' },
  },
});

@ObjectType('ApiKey', { simpleResolvers: true })
export class ApiKeyType implements Omit<ApiKey, 'tenantId'> {
  @Field(() => ID)
  id!: string;

  @Field(() => keyRoleEnum)
  role!: KeyRole;

  @Field(() => String)
  name!: string;

  @Field(() => DateTimeScalar)
  createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true })
  revokedAt!: Date | null;
}

@ObjectType({ simpleResolvers: true })
export class CreateApiKeyPayload {
  @Field(() => ApiKeyType)
  key!: ApiKey;

  @Field(() => String, { nullable: true, description: 'Shown this once; null for a browser key, whose tokens are made by createBrowserToken.' })
  credential!: string | null;
}

@ObjectType({ simpleResolvers: true })
export class RevokeApiKeyPayload {
  @Field(() => ApiKeyType)
  key!: ApiKey;
}

@ObjectType('BrowserToken', { simpleResolvers: true })
export class BrowserTokenType implements BrowserToken {
  @Field(() => String, { description: 'Goes as Authorization: Bearer.' })
  token!: string;

  @Field(() => DateTimeScalar)
  expiresAt!: Date;
}

@ObjectType('AuditEntry', { simpleResolvers: true, description: 'Who changed what.' })
export class AuditEntryType implements Omit<AuditEntry, 'id'> {
  @Field(() => DateTimeScalar)
  at!: Date;

  @Field(() => String, { description: 'Id of the key that it was done with.' })
  actor!: string;

  @Field(() => String, { description: 'create, change, remove or revoke.' })
  action!: string;

  @Field(() => String, { description: 'kind/id.' })
  subject!: string;

  @Field(() => JsonScalar)
  details!: AuditEntry['details'];
}

export const AuditEntryConnection = connectionTypeOf('AuditEntry', AuditEntryType);
