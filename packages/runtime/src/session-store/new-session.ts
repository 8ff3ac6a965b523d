import { type InstanceId, type SessionDoc, sessionKeyOf } from '@warren/contracts'

/** The document of a session that nobody has held yet. */
export function newSession(organization: string, instance: InstanceId): SessionDoc {
  return {
    _id: sessionKeyOf({ organization, instance }),
    organization,
    instance,
    epoch: 0,
    holder: null,
    expiresAt: new Date(0),
    status: null,
    statusAt: null,
    seq: 0,
    base: 0,
    folded: 0,
  }
}
