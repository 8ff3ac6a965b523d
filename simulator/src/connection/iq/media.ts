import { node } from '../../protocol/node.ts'
import { IqError, type IqHandlers } from './iq.ts'

const DAY_SECONDS = '86400'

/** Where to upload, and profile pictures (nobody has one). */
export const media: IqHandlers = {
  'w:m': (_iq, { world }) => [
    node('media_conn', { auth: 'simulator', ttl: DAY_SECONDS, auth_ttl: DAY_SECONDS, max_buckets: '12' }, [
      // Clients paste the host name behind "https://", so a port may be part of it.
      node('host', { hostname: world.media.uploadHost, maxContentLengthBytes: String(100 * 1024 * 1024) }),
    ]),
  ],
  'w:profile:picture': () => {
    throw new IqError(404, 'item-not-found')
  },
}
