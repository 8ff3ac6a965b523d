/** Contacts, and which numbers are on WhatsApp. */
import { phoneOf } from '@warren/contracts'
import { type ApiModule, bind, presentPage } from '../../http/index.ts'
import { checkNumbers, getContact, listContacts, optIn } from './contract.ts'
import type { ContactDoc } from './repo.ts'
import type { ContactService } from './service.ts'

export {
  type ContactCollection,
  type ContactDoc,
  type ContactMapping,
  type ContactRepo,
  contactCollection,
  createContactRepo,
} from './repo.ts'
export { type ContactService, createContactService } from './service.ts'

export function createContactsModule(contacts: ContactService): ApiModule {
  return {
    name: 'contacts',
    routes: [
      bind(listContacts, async ({ principal, params, query }) =>
        presentPage(await contacts.list(principal.organization, params.instance, query), presentContact),
      ),
      bind(getContact, async ({ principal, params }) =>
        presentContact(await contacts.get(principal.organization, params.instance, params.contact)),
      ),
      bind(optIn, async ({ principal, params }) => {
        await contacts.optIn(principal.organization, params.instance, params.contact)
      }),
      bind(checkNumbers, async ({ principal, params, body }) => ({
        results: await contacts.checkNumbers(principal.organization, params.instance, body.phoneNumbers),
      })),
    ],
  }
}

function presentContact({ id, jid, pn, lid, mapping, username, pushName, optedOutAt }: ContactDoc) {
  const phone = phoneOf(pn ?? jid)
  return {
    id,
    jid,
    ...(phone === undefined ? {} : { phone }),
    ...(lid === undefined ? {} : { lid }),
    ...(pn === undefined ? {} : { pn }),
    ...(mapping ? { mapping: { source: mapping.source, since: mapping.at.toISOString() } } : {}),
    ...(username === undefined ? {} : { username }),
    ...(pushName === undefined ? {} : { name: pushName }),
    ...(optedOutAt ? { optedOutAt: optedOutAt.toISOString() } : {}),
  }
}
