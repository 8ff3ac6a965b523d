import type { Companion, Subscriber } from '../world/directory.ts'
import type { Group } from '../world/groups.ts'
import type { Session } from '../world/sessions.ts'
import type { World } from '../world/world.ts'
import type { Contact, GroupView, Phone, PhoneDevice, SessionInfo } from './types.ts'

const presentDevice = (world: World, subscriber: Subscriber, companion: Companion): PhoneDevice => ({
  device: companion.device,
  platform: companion.platform,
  connected: world.sessions.of(subscriber, companion.device) !== undefined,
  queued: companion.queue.size(),
  preKeys: companion.preKeys.size,
})

export const presentPhone = (world: World, subscriber: Subscriber): Phone => ({
  number: subscriber.number,
  lid: subscriber.lid,
  pushName: subscriber.pushName,
  initialSync: subscriber.initialSync,
  ...(subscriber.passkey ? { passkey: subscriber.passkey.credentialId } : {}),
  ...(subscriber.passkeyCode ? { passkeyCode: subscriber.passkeyCode } : {}),
  devices: [...subscriber.companions.values()].map((one) => presentDevice(world, subscriber, one)),
})

export const presentContact = ({ number, lid, pushName, behaviour }: Subscriber): Contact => ({
  number,
  lid,
  pushName,
  ...behaviour,
})

export const presentGroup = ({ jid, subject, members, addressing }: Group): GroupView => ({
  jid,
  subject,
  members: [...members],
  addressing,
})

export const presentSession = (session: Session): SessionInfo => ({
  number: session.subscriber.number,
  device: session.companion.device,
  active: session.active,
  presence: session.presence ?? null,
  typed: session.typed,
  queued: session.companion.queue.size(),
  connectedAt: session.connectedAt,
  lastFrameAt: session.lastFrameAt,
})
