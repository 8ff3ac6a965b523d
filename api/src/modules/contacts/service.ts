import { type CommandResponse, type InstanceId, phoneOf, sessionKeyOf, WarrenError } from '@warren/contracts'
import type { SessionCalls } from '@warren/runtime/session-calls'
import { cutPage, decodeCursor, type Paged, type PageQuery } from '../../http/index.ts'
import type { InstanceService } from '../instances/index.ts'
import { recipientJid } from '../messages/index.ts'
import type { ContactDoc, ContactRepo } from './repo.ts'

export type ContactService = {
  list(organization: string, instance: InstanceId, page: PageQuery): Promise<Paged<ContactDoc>>
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
    async list(organization, instance, { limit, cursor }) {
      await instances.require(organization, instance)
      const [after] = cursor === undefined ? [] : decodeCursor(cursor, ['text'])
      const rows = await repo.list(organization, instance, limit + 1, after as string | undefined)
      return cutPage(rows, limit, (row) => [row.jid])
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
