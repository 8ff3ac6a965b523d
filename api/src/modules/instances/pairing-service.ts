/** Showing a QR or a code to the person who links an account. */
import {
  type InstanceId,
  type Pairing,
  type SessionStatus,
  sessionKeyOf,
  WarrenError,
} from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { SessionCalls } from '@warren/runtime/session-calls'
import { revivePairing, reviveStatus } from '../../platform/index.ts'
import type { InstanceService } from './service.ts'

export type PairingService = {
  /**
   * The QR to show now. Starts nothing.
   * @throws WarrenError `already_paired`, `pairing_unavailable`, `suspended`, `session_unavailable`
   */
  currentQr(organization: string, id: InstanceId): Promise<Pairing & { qr: string }>
  /** Begins to pair by QR, also when the attempts were used up. */
  startQr(organization: string, id: InstanceId): Promise<Pairing>
  /** @param phoneNumber digits; without it the number of the spec is used */
  startCode(organization: string, id: InstanceId, phoneNumber?: string): Promise<Pairing>
}

const LINKED: readonly SessionStatus['phase'][] = ['connecting', 'connected', 'reconnecting']

export function createPairingService(deps: {
  instances: InstanceService
  commands: SessionCalls
  clock: Clock
}): PairingService {
  const { instances, commands, clock } = deps

  async function active(organization: string, id: InstanceId) {
    const instance = await instances.get(organization, id)
    if (instance.resource.spec.operatingMode === 'Suspended') throw new WarrenError('suspended')
    return instance
  }

  const shown = (status: SessionStatus | null): (Pairing & { qr: string }) | undefined => {
    const { qr, expiresAt } = status?.pairing ?? {}
    if (!status?.pairing || qr === undefined || (expiresAt && expiresAt <= clock.now())) return undefined
    return { ...status.pairing, qr }
  }

  return {
    async currentQr(organization, id) {
      const { session } = await active(organization, id)
      const stored = session.alive ? shown(session.status) : undefined
      if (stored) return stored
      // What is stored may be a QR behind; the pod knows.
      const status = reviveStatus(
        (await commands.call(sessionKeyOf({ organization, instance: id }), 'session.status', {})).status,
      )
      const current = shown(status)
      if (current) return current
      if (LINKED.includes(status.phase)) throw new WarrenError('already_paired')
      const detail = status.message ?? `The session is ${status.phase}; ask for a new QR with POST.`
      throw new WarrenError('pairing_unavailable', detail)
    },

    async startQr(organization, id) {
      await active(organization, id)
      return revivePairing(
        (await commands.call(sessionKeyOf({ organization, instance: id }), 'session.pair', { method: 'qr' }))
          .pairing,
      )
    },

    async startCode(organization, id, given) {
      const { resource } = await active(organization, id)
      const phoneNumber = given ?? resource.spec.pairing.phoneNumber
      if (phoneNumber === undefined) {
        const message = '"phoneNumber" is required, because the instance has none'
        throw new WarrenError('validation_failed', message, {
          details: { fields: [{ path: 'body.phoneNumber', message }] },
        })
      }
      return revivePairing(
        (
          await commands.call(sessionKeyOf({ organization, instance: id }), 'session.pair', {
            method: 'code',
            phoneNumber,
          })
        ).pairing,
      )
    },
  }
}
