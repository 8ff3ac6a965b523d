import {
  addressOf,
  type CommandResponse,
  type InstanceId,
  isContactId,
  phoneOf,
  sessionKeyOf,
  WarrenError,
} from '@warren/contracts'
import type { SessionCalls } from '@warren/runtime/session-calls'
import { cutPage, decodeCursor, type Paged, type PageQuery } from '../../http/index.ts'
import type { IdentityRepo, LookUpAddress } from '../identities/index.ts'
import type { InstanceService } from '../instances/index.ts'
import { recipientJid } from '../messages/index.ts'
import type { ContactDoc, ContactRepo } from './repo.ts'

export type ContactService = {
  list(
    organization: string,
    instance: InstanceId,
    query: PageQuery & { optedOut?: boolean },
  ): Promise<Paged<ContactDoc>>
  /**
   * @param contact as for `keyOf`
   * @throws WarrenError `not_found`, `validation_failed`
   */
  get(organization: string, instance: InstanceId, contact: string): Promise<ContactDoc>
  /**
   * The key of whom somebody names: by the id of a contact, also one that it had before its LID was known, by phone number, or by the
   * JID of a person in either form or of a group.
   * @param field where it stood, for the error
   * @throws WarrenError `not_found` for an id of nobody, `validation_failed`
   */
  keyOf(organization: string, instance: InstanceId, text: string, field: string): Promise<string>
  /** Whether one of these keys asked for no more marketing. */
  isOptedOut(organization: string, instance: InstanceId, keys: readonly string[]): Promise<boolean>
  /**
   * Takes an opt-out back: the session journals it, from where every read model has it.
   * @throws WarrenError `not_found`, `validation_failed`, `session_unavailable`, `session_timeout`
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
  identities: Pick<IdentityRepo, 'byAlias'>
  lookUpAddress: LookUpAddress
  instances: Pick<InstanceService, 'require'>
  commands: SessionCalls
}): ContactService {
  const { repo, identities, lookUpAddress, instances, commands } = deps

  const keyOf: ContactService['keyOf'] = async (organization, instance, text, field) => {
    if (!isContactId(text)) {
      return (await lookUpAddress(organization, instance, addressOf(recipientJid(text, field)))).key
    }
    const contact = await repo.byId(organization, instance, text)
    const key = contact?.jid ?? (await identities.byAlias(organization, instance, text))?.lid
    if (key === undefined) throw new WarrenError('not_found')
    return key
  }

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

    async get(organization, instance, contact) {
      await instances.require(organization, instance)
      const key = await keyOf(organization, instance, contact, 'params.contact')
      const [found] = await repo.byKeys(organization, instance, [key])
      if (!found) throw new WarrenError('not_found')
      return found
    },

    keyOf,

    async isOptedOut(organization, instance, keys) {
      return (await repo.byKeys(organization, instance, keys)).some(({ optedOutAt }) => optedOutAt != null)
    },

    async optIn(organization, instance, contact) {
      await instances.require(organization, instance)
      // As it was named: the session knows of both forms as much as we do, or more.
      const chat = isContactId(contact)
        ? await keyOf(organization, instance, contact, 'params.contact')
        : recipientJid(contact, 'params.contact')
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
