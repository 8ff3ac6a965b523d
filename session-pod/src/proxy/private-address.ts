/** Addresses that a proxy given by a tenant must not have: it would reach into the network that the session runs in. */

import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const NETS: readonly [string, number, 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
]
const PRIVATE = new BlockList()
for (const [net, prefix, family] of NETS) PRIVATE.addSubnet(net, prefix, family)

/** Also an IPv4 address in the clothes of IPv6. */
export function isPrivate(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '')
  const version = isIP(bare)
  return version !== 0 && PRIVATE.check(bare, version === 4 ? 'ipv4' : 'ipv6')
}

/** Looks names up and refuses private addresses, in the same step as the connection: a name cannot change its mind between the two. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '')
    const [first] = addresses
    if (!first || addresses.some(({ address }) => isPrivate(address)))
      return callback(new Error('the proxy has a private address'), '')
    if (options.all) callback(null, addresses)
    else callback(null, first.address, first.family)
  })
}
