/** Everything that both roles share: repositories and services, wired once. */
import { type InstanceId, instanceIdOf } from '@warren/contracts'
import { createSessionCalls } from '@warren/runtime/session-calls'
import { Types } from 'mongoose'
import { type ApiConfig, proxyMasterKeyOf } from './config.ts'
import type { ApiDeps } from './create-api.ts'
import {
  createAccessTokens,
  createAuthenticator,
  createAuthService,
  createLoginRepo,
  createOwners,
  createPasswords,
  createUserRepo,
} from './modules/auth/index.ts'
import { chatCollection, createChatRepo, createChatService } from './modules/chats/index.ts'
import { contactCollection, createContactRepo, createContactService } from './modules/contacts/index.ts'
import { createIdentityRepo, createLookUpAddress } from './modules/identities/index.ts'
import { createInstanceService, createPairingService } from './modules/instances/index.ts'
import { createKeyRepo, createKeyService } from './modules/keys/index.ts'
import { createMediaRepo, createMediaService, createMediaSigner } from './modules/media/index.ts'
import {
  createMessageRepo,
  createMessageService,
  type MessageService,
  messageCollection,
} from './modules/messages/index.ts'
import { createOrganizationRepo, createOrganizationService } from './modules/organizations/index.ts'
import { createHelperTokens, createPasskeyService } from './modules/passkey/index.ts'
import {
  createIncidentRepo,
  createProtectionService,
  incidentCollection,
} from './modules/protection/index.ts'
import { createProxyService } from './modules/proxies/index.ts'
import { createSnapshotService } from './modules/snapshots/index.ts'
import { createTransferService } from './modules/transfer/index.ts'
import { createNotice, type PlatformDatabase } from './platform/index.ts'
import { createApply, createCursorRepo, createParkedEntries, createProjector } from './projection/index.ts'

export type Services = ReturnType<typeof createServices>

export function createServices(deps: ApiDeps, database: PlatformDatabase) {
  const { config, clock, ids, logger, bus, cluster, sessions, objectStore } = deps
  const organizations = createOrganizationService({
    repo: createOrganizationRepo(database),
    limits: sessions,
    hasInstances: async (organization) =>
      (await cluster.instances.list({ organization, limit: 1 })).items.length > 0,
    clock,
    ids,
  })
  const users = createUserRepo(database)
  const passwords = createPasswords(config.BCRYPT_ROUNDS)
  const createOwner = createOwners({ users, organizations, passwords, clock, ids })
  /** Callers that ended before their time: signed out, or revoked. */
  const ended = createNotice<string>()
  const keys = createKeyService({ repo: createKeyRepo(database), onRevoked: ended.tell, clock, ids, logger })
  const auth = createAuthService({
    users,
    logins: createLoginRepo(database),
    organizations,
    createOwner,
    passwords,
    accessTokens: accessTokensOf(config, deps),
    refreshSeconds: config.REFRESH_TOKEN_SECONDS,
    allowSignup: config.ALLOW_SIGNUP,
    onEnded: ended.tell,
    clock,
    ids,
    logger,
  })
  const commands = createSessionCalls(bus)
  const namespace = config.INSTANCE_NAMESPACE
  const instances = createInstanceService({ cluster, sessions, commands, organizations, namespace, clock })
  const requireInstance = (organization: string, id: InstanceId) => instances.require(organization, id)
  const messageDocs = messageCollection(database)
  const chatDocs = chatCollection(database)
  const contactDocs = contactCollection(database)
  const identities = createIdentityRepo(database)
  const lookUpAddress = createLookUpAddress(identities)
  const parked = createParkedEntries(database, clock)
  const messageRepo = createMessageRepo(messageDocs, (text) => new Types.ObjectId(text))
  const contactRepo = createContactRepo(contactDocs)
  const cursors = createCursorRepo(database, clock)
  const incidentDocs = incidentCollection(database)
  const readModels = {
    messages: messageDocs,
    chats: chatDocs,
    contacts: contactDocs,
    incidents: incidentDocs,
  }
  const apply = createApply(readModels, identities, parked)
  async function forget(scope: { organization: string; instance: InstanceId }): Promise<void> {
    await Promise.all(Object.values(readModels).map((documents) => documents.remove(scope)))
    await identities.forget(scope.organization, scope.instance)
    await parked.forget(scope)
  }
  const contacts = createContactService({ repo: contactRepo, identities, lookUpAddress, instances, commands })
  const urlSeconds = config.MEDIA_URL_SECONDS
  const media = createMediaService({
    repo: createMediaRepo(database),
    store: objectStore,
    messages: () => messages,
    urlSeconds,
    clock,
    ids,
  })
  const messages: MessageService = createMessageService({
    repo: messageRepo,
    lookUpAddress,
    keyOf: contacts.keyOf,
    queue: sessions,
    instances,
    isOptedOut: (organization, instance, keys) => contacts.isOptedOut(organization, instance, keys),
    uploadedMedia: media.forSending,
    commands,
    bus,
    clock,
  })
  return {
    media,
    mediaSigner: createMediaSigner({ bus, sessions, store: objectStore, urlSeconds }),
    messages,
    cursors,
    projector: (onApplied: (entries: number) => void) =>
      createProjector({ sessions, cursors, apply, forget, owner: ids.newId(), clock, onApplied, logger }),
    contacts,
    protection: createProtectionService({ repo: createIncidentRepo(incidentDocs), instances, commands }),
    chats: createChatService({
      repo: createChatRepo(chatDocs),
      contacts: contactRepo,
      keyOf: contacts.keyOf,
      countUnread: messageRepo.countUnread,
      instances,
    }),
    ended,
    organizations,
    createOwner,
    keys,
    auth,
    authenticate: createAuthenticator(auth, keys),
    commands,
    instances,
    requireInstance,
    pairing: createPairingService({ instances, commands, clock }),
    proxies: createProxyService({
      store: sessions,
      masterKey: proxyMasterKeyOf(config),
      async usersOf(organization, pool) {
        const { items } = await cluster.instances.list({ organization })
        return items
          .filter(({ spec }) => spec.proxy?.pool === pool)
          .map(({ metadata }) => instanceIdOf(metadata))
      },
      clock,
    }),
    transfer: createTransferService({ instances, commands, clock }),
    snapshots: createSnapshotService({ instances, commands }),
    passkey: createPasskeyService({
      instances,
      commands,
      tokens: createHelperTokens({
        secret: config.JWT_SECRET,
        issuer: config.JWT_ISSUER,
        audience: config.JWT_AUDIENCE,
        clock,
      }),
    }),
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
