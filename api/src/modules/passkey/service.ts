import {
  type InstanceId,
  type PasskeyAssertion,
  type PasskeyStep,
  type SessionStatus,
  sessionKeyOf,
  WarrenError,
} from '@warren/contracts'
import type { SessionCalls } from '@warren/runtime/session-calls'
import { revivePasskey, reviveStatus } from '../../platform/index.ts'
import type { InstanceService } from '../instances/index.ts'
import type { HelperTokens } from './helper-tokens.ts'

export type PasskeyService = {
  /** @throws WarrenError `passkey_not_asked`, `passkey_expired`, `passkey_refused`, `already_paired`, `suspended`, `session_unavailable` */
  step(organization: string, id: InstanceId): Promise<PasskeyStep>
  /** @throws WarrenError as `step`, `passkey_invalid`, `pairing_unavailable` */
  assert(
    organization: string,
    id: InstanceId,
    attempt: string,
    assertion: PasskeyAssertion,
  ): Promise<PasskeyStep>
  /** @throws WarrenError as `assert` */
  confirm(organization: string, id: InstanceId, attempt: string): Promise<PasskeyStep>
  /** A token for the browser of the person who has the passkey. @throws WarrenError as `step` */
  helper(organization: string, id: InstanceId): Promise<{ token: string; expiresAt: Date }>
  /** @param authorization `Bearer` and the token. @throws WarrenError `unauthenticated`, `token_expired`, and as `step` */
  helperStep(authorization: string | undefined): Promise<PasskeyStep>
  /** @throws WarrenError as `helperStep` and `assert` */
  helperAssert(authorization: string | undefined, assertion: PasskeyAssertion): Promise<PasskeyStep>
}

export function createPasskeyService(deps: {
  instances: InstanceService
  commands: SessionCalls
  tokens: HelperTokens
}): PasskeyService {
  const { instances, commands, tokens } = deps

  async function sessionOf(organization: string, id: InstanceId) {
    const { spec } = await instances.require(organization, id)
    if (spec.operatingMode === 'Suspended') throw new WarrenError('suspended')
    return sessionKeyOf({ organization, instance: id })
  }

  async function step(organization: string, id: InstanceId): Promise<PasskeyStep> {
    const session = await sessionOf(organization, id)
    return stepIn(reviveStatus((await commands.call(session, 'session.status', {})).status))
  }

  async function assert(organization: string, id: InstanceId, attempt: string, assertion: PasskeyAssertion) {
    const session = await sessionOf(organization, id)
    return revivePasskey(
      (await commands.call(session, 'pairing.passkey.assert', { id: attempt, assertion })).passkey,
    )
  }

  return {
    step,
    assert,
    async confirm(organization, id, attempt) {
      const session = await sessionOf(organization, id)
      return revivePasskey((await commands.call(session, 'pairing.passkey.confirm', { id: attempt })).passkey)
    },
    async helper(organization, id) {
      const { id: attempt, expiresAt } = await step(organization, id)
      return { token: tokens.sign({ organization, instance: id, attempt }, expiresAt), expiresAt }
    },
    async helperStep(authorization) {
      const { organization, instance, attempt } = tokens.verify(authorization)
      const found = await step(organization, instance)
      if (found.id !== attempt) throw new WarrenError('passkey_not_asked', 'The pairing has begun anew.')
      return found
    },
    helperAssert: async (authorization, assertion) => {
      const { organization, instance, attempt } = tokens.verify(authorization)
      return assert(organization, instance, attempt, assertion)
    },
  }
}

function stepIn({ pairing, account, reason, message }: SessionStatus): PasskeyStep {
  if (pairing?.passkey) return pairing.passkey
  if (account) throw new WarrenError('already_paired')
  if (reason === 'PasskeyExpired') throw new WarrenError('passkey_expired', message)
  if (reason?.startsWith('Passkey')) throw new WarrenError('passkey_refused', message)
  throw new WarrenError('passkey_not_asked', message)
}
