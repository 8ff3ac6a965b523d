import { hostname } from 'node:os'
import { serverUrl } from '../access/open.ts'
import { credentialsFile, readCredentials, writeCredentials } from '../access/rest/credentials.ts'
import { createRestClient } from '../access/rest/rest-client.ts'
import type { Call, Command } from '../command.ts'
import { EXIT, usageError } from '../errors.ts'

/** What the commands of this program need, and no more. */
const SCOPES = ['instances:read', 'instances:write', 'messages:read', 'messages:write', 'events:read']
const KEY_DAYS = 90
const DAY_MS = 24 * 3600_000

type SignedIn = { readonly accessToken: string; readonly organization: { readonly id: string } }

export const login: Command = {
  name: 'login',
  operands: [],
  flags: {
    server: { type: 'string', value: 'URL', description: 'Warren’s REST API.' },
    email: { type: 'string', value: 'ADDRESS', description: 'Of the person; the password is asked for.' },
    'with-token': {
      type: 'boolean',
      description: 'Read a token or API key from stdin instead of signing in.',
    },
    forget: { type: 'boolean', description: 'Remove what is stored for the server.' },
  },
  reaches: false,
  summary: 'Sign in to a server, for all later commands',
  description: `Makes an API key with the rights that this program needs, good for ${KEY_DAYS} days, and keeps it in ~/.config/warren/credentials.json, which only you can read. The password is kept nowhere.`,
  examples: [
    'warren login --server https://warren.example --email ada@example.com',
    'warren login --server https://warren.example --with-token < key.txt',
    'warren login --server https://warren.example --forget',
  ],
  async run(call) {
    const { io } = call
    const server = serverUrl(call.text('server') ?? io.env.WARREN_SERVER ?? '')
    const file = credentialsFile(io.env, io.home)
    const { servers } = await readCredentials(file)
    if (call.is('forget')) {
      const { [server]: gone, ...others } = servers
      const [current] = Object.keys(others)
      await writeCredentials(file, { ...(current === undefined ? {} : { current }), servers: others })
      call.print(gone ? `forgot the key for ${server}` : `there was no key for ${server}`)
      if (gone) call.note('The key itself still works until it ends: revoke it with DELETE /api/v1/keys/ID.')
      return EXIT.ok
    }
    const token = call.is('with-token') ? await readToken(call, server) : await signIn(call, server)
    await writeCredentials(file, { current: server, servers: { ...servers, [server]: { token } } })
    call.print(`signed in to ${server}`)
    return EXIT.ok
  },
}

async function readToken(call: Call, server: string): Promise<string> {
  let text = ''
  for await (const chunk of call.io.stdin) text += Buffer.from(chunk).toString()
  const token = text.trim()
  if (!/^[\x21-\x7e]+$/.test(token)) throw usageError('There is no token on stdin.')
  // A key that does not work is better found now.
  await createRestClient(server, token).call('GET', '/auth/me')
  return token
}

async function signIn(call: Call, server: string): Promise<string> {
  const email = call.text('email')
  if (email === undefined) throw usageError('login needs --email, or --with-token.')
  const password = await call.io.askHidden(`Password of ${email}: `)
  const { accessToken } = await createRestClient(server, undefined).call<SignedIn>('POST', '/auth/login', {
    email,
    password,
  })
  const signedIn = createRestClient(server, accessToken)
  const { key } = await signedIn.call<{ key: string }>('POST', '/keys', {
    name: `warren command line on ${hostname()}`.slice(0, 100),
    scopes: SCOPES,
    expiresAt: new Date(call.io.clock.now().getTime() + KEY_DAYS * DAY_MS).toISOString(),
  })
  await signedIn.call('POST', '/auth/logout')
  return key
}
