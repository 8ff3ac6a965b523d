/** Everything that both roles share: repositories and services, wired once. */
import type { InstanceId } from '@warren/contracts'
import type { ApiConfig } from './config.ts'
import type { ApiDeps } from './create-api.ts'
import {
  createAccessTokens,
  createAuthenticator,
  createAuthService,
  createLoginRepo,
  createPasswords,
  createUserRepo,
} from './modules/auth/index.ts'
import { createInstanceService, createPairingService } from './modules/instances/index.ts'
import { createKeyRepo, createKeyService } from './modules/keys/index.ts'
import { createOrganizationRepo, createOrganizationService } from './modules/organizations/index.ts'
import { createSessionCommands, type PlatformDatabase } from './platform/index.ts'

export type Services = ReturnType<typeof createServices>

export function createServices(deps: ApiDeps, database: PlatformDatabase) {
  const { config, clock, ids, logger, bus, cluster, sessions } = deps
  const organizations = createOrganizationService({ repo: createOrganizationRepo(database), clock, ids })
  const keys = createKeyService({ repo: createKeyRepo(database), clock, ids, logger })
  const auth = createAuthService({
    users: createUserRepo(database),
    logins: createLoginRepo(database),
    organizations,
    passwords: createPasswords(config.BCRYPT_ROUNDS),
    accessTokens: accessTokensOf(config, deps),
    refreshSeconds: config.REFRESH_TOKEN_SECONDS,
    allowSignup: config.ALLOW_SIGNUP,
    clock,
    ids,
    logger,
  })
  const commands = createSessionCommands(bus)
  const namespace = config.INSTANCE_NAMESPACE
  const instances = createInstanceService({ cluster, sessions, commands, organizations, namespace, clock })
  const requireInstance = (organization: string, id: InstanceId) => instances.require(organization, id)
  return {
    organizations,
    keys,
    auth,
    authenticate: createAuthenticator(auth, keys),
    commands,
    instances,
    requireInstance,
    pairing: createPairingService({ instances, commands, clock }),
  }
}

function accessTokensOf(config: ApiConfig, { clock }: ApiDeps) {
  return createAccessTokens({
    secret: config.JWT_SECRET,
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    seconds: config.ACCESS_TOKEN_SECONDS,
    clock,
  })
}
