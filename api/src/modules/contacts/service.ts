import { type CommandResponse, type InstanceId, phoneOf, sessionKeyOf, WarrenError } from '@warren/contracts'
import type { SessionCalls } from '@warren/runtime/session-calls'
import { cutPage, decodeCursor, type Paged, type PageQuery } from '../../http/index.ts'
import type { InstanceService } from '../instances/index.ts'
import { recipientJid } from '../messages/index.ts'
import type { ContactDoc, ContactRepo } from './repo.ts'

export type ContactService = {
  list(
    organization: string,
    instance: InstanceId,
    query: PageQuery & { optedOut?: boolean },
  ): Promise<Paged<ContactDoc>>
  /** Whether one of these keys asked for no more marketing. */
  isOptedOut(organization: string, instance: InstanceId, keys: readonly string[]): Promise<boolean>
  /**
   * Takes an opt-out back: the session journals it, from where every read model has it.
   * @throws WarrenError `session_unavailable`, `session_timeout`
   */
  optIn(organization: string, instance: InstanceId, contact: string): Promise<void>
  checkNumbers(
    organization: string,
    instance: InstanceId,
    phoneNumbers: readonly string[],
  ): Promise<CommandResponse<'numbers.check'>['results']>
}

export function createContactService(deps: {
  repo: ContactRepo
  instances: Pick<InstanceService, 'require'>
  commands: SessionCalls
}): ContactService {
  const { repo, instances, commands } = deps
  return {
    async list(organization, instance, { limit, cursor, optedOut }) {
      await instances.require(organization, instance)
      const [after] = cursor === undefined ? [] : decodeCursor(cursor, ['text'])
      const rows = await repo.list(organization, instance, {
        limit: limit + 1,
        ...(after === undefined ? {} : { after: String(after) }),
        ...(optedOut === undefined ? {} : { optedOut }),
      })
      return cutPage(rows, limit, (row) => [row.jid])
    },

    async isOptedOut(organization, instance, keys) {
      return (await repo.byKeys(organization, instance, keys)).some(({ optedOutAt }) => optedOutAt != null)
    },

    async optIn(organization, instance, contact) {
      await instances.require(organization, instance)
      const chat = recipientJid(contact, 'params.contact')
      await commands.call(sessionKeyOf({ organization, instance }), 'contact.optIn', { chat })
    },

    async checkNumbers(organization, instance, given) {
      await instances.require(organization, instance)
      const phoneNumbers = given.map((text, index) => digitsOf(text, `body.phoneNumbers.${index}`))
      const { results } = await commands.call(sessionKeyOf({ organization, instance }), 'numbers.check', {
        phoneNumbers,
      })
      const byNumber = new Map(results.map((result) => [result.phoneNumber, result]))
      return phoneNumbers.map((phoneNumber) => byNumber.get(phoneNumber) ?? { phoneNumber, exists: false })
    },
  }
}

function digitsOf(text: string, field: string): string {
  const digits = phoneOf(recipientJid(text, field))
  if (digits !== undefined) return digits
  const message = 'must be an international phone number'
  throw new WarrenError('validation_failed', message, { details: { fields: [{ path: field, message }] } })
}
