import { type BinaryNode, child, node } from '../../protocol/node.ts'
import { jidOf } from '../../world/directory.ts'
import type { Group } from '../../world/groups.ts'
import type { World } from '../../world/world.ts'
import { IqError, type IqHandlers } from './iq.ts'

const described = (world: World, { jid, subject, members, addressing, createdAt }: Group): BinaryNode => {
  const [owner = ''] = members
  const creator = jidOf(world.directory.ensure(owner), addressing)
  const t = String(Math.floor(createdAt / 1000))
  const participants = members.map((number) => {
    const member = world.directory.ensure(number)
    const [alternate, name] =
      addressing === 'lid' ? (['pn', 'phone_number'] as const) : (['lid', 'lid'] as const)
    return node('participant', {
      jid: jidOf(member, addressing),
      [name]: jidOf(member, alternate),
      type: number === owner ? 'superadmin' : undefined,
    })
  })
  const attrs = { id: jid.split('@')[0], subject, s_o: creator, s_t: t, creator, creation: t }
  return node('group', { ...attrs, addressing_mode: addressing }, participants)
}

/** What is asked of groups. Of an unknown one nothing is told. */
export const groups: IqHandlers = {
  'w:g2': (iq, { world, session }) => {
    const { number } = session.subscriber
    if (child(iq, 'participating')) {
      const own = world.groups.all().filter(({ members }) => members.includes(number))
      return [
        node(
          'groups',
          {},
          own.map((group) => described(world, group)),
        ),
      ]
    }
    const { refuseGroups } = world.faults.effective(number)
    if (refuseGroups !== undefined)
      throw new IqError(refuseGroups, refuseGroups === 404 ? 'item-not-found' : 'forbidden')
    const group = world.groups.find(iq.attrs.to)
    if (group && !group.members.includes(number)) throw new IqError(403, 'forbidden')
    return group && [described(world, group)]
  },
}
