import { until } from '@warren/runtime/testing'
import type { Stack } from './stack.ts'

const PATIENCE = { timeoutMs: 120_000, everyMs: 50 }

/**
 * Links every account with a simulated phone, and has contacts confirm what they get.
 * @returns by instance the group that each account has with its contacts; groups name their members in either way
 */
export async function linkAccounts({ sessions, simulator }: Stack): Promise<ReadonlyMap<string, string>> {
  const groups = new Map<string, string>()
  await Promise.all(
    sessions.map(async ({ number, instance, contacts, prober, doc }, index) => {
      await simulator.phones.create({ number })
      for (const contact of [...contacts, prober])
        await simulator.contacts.set({ number: contact, deliverAfterMs: 20, readAfterMs: null })
      const { qr } = await until(async () => (await doc())?.status?.pairing, {
        ...PATIENCE,
        describe: `a QR of ${instance}`,
      })
      await simulator.phones.scan(number, qr ?? '')
      await until(async () => (await doc())?.status?.phase === 'connected', {
        ...PATIENCE,
        describe: `${instance} to be connected`,
      })
      const addressing = index % 2 === 0 ? 'lid' : 'pn'
      const { jid } = await simulator.groups.create({ members: [number, ...contacts], addressing })
      groups.set(instance, jid)
    }),
  )
  return groups
}
