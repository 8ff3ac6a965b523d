import { bareSessions } from '../subjects/bare.ts'
import type { SubjectFactory } from '../subjects/subject.ts'
import { warrenSessions } from '../subjects/warren.ts'
import type { World } from '../world.ts'

/** Linked sessions of stock bare Baileys and of Warren, alternating, `count` of each; none of them runs yet. */
export async function linkSessions(world: World, bundle: string, count: number): Promise<SubjectFactory[]> {
  const factories: SubjectFactory[] = []
  for (let i = 0; i < count; i++) {
    factories.push(
      bareSessions(world, world.newAccount(), undefined),
      warrenSessions(world, world.newAccount(), bundle),
    )
  }
  for (const { account, pair } of factories) {
    await world.simulator.phones.create({ number: account })
    await pair()
  }
  return factories
}
