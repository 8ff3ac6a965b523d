/**
 * Linking with a passkey as a person does it: the helper page of the API, the browser extension on WhatsApp's origin, and an authenticator,
 * in a real Chromium. WhatsApp's page is a blank one on loopback under the real name; its server is the simulator, which checks the
 * signature.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { tempDir, until } from '@warren/runtime/testing'
import { createTlsIdentity } from '@warren/simulator/testing'
import { waitActive } from './support/account.ts'
import { findChromium, openChromium, type Page } from './support/chromium.ts'
import { readEvents } from './support/events.ts'
import { startProduct } from './support/product.ts'

const NUMBER = '491700000071'
const EXTENSION = join(import.meta.dirname, '..', 'browser-helper')
/** As strict as WhatsApp's own: the page itself may talk to nobody but WhatsApp. */
const POLICY = "default-src 'self'; connect-src 'self'; style-src 'self'"

test('a person links an account with a passkey in the browser', { timeout: 180_000 }, async (t) => {
  const chromium = findChromium(process.env)
  if ('missing' in chromium) return t.skip(`not run: ${chromium.missing}`)

  const product = await startProduct({ after }, tempDir({ after }))
  const api = await product.signIn()
  const events = await readEvents({ after }, product.url, api.token)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const credentialId = randomBytes(16)
  await product.simulator.phones.create({
    number: NUMBER,
    passkey: {
      credentialId: credentialId.toString('base64url'),
      publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    },
  })

  const { id } = await api.call<{ id: string }>('POST', '/instances', { displayName: 'With a passkey' })
  const { qr } = await until(() => api.call<{ qr: string }>('POST', `/instances/${id}/qr`), {
    timeoutMs: 60_000,
    describe: 'a QR',
  })
  const scan = product.simulator.phones.scan(NUMBER, qr)
  scan.catch(() => {})
  const { url } = await until(
    () => api.call<{ url: string }>('POST', `/instances/${id}/pairing/passkey/helper`),
    { timeoutMs: 20_000, describe: 'WhatsApp to ask for a passkey' },
  )
  await until(() => events.seen.some(({ event }) => event.type === 'pairing.passkey'))

  const page = await openChromium({ after }, chromium.path, [
    `--load-extension=${EXTENSION}`,
    '--disable-features=DisableLoadExtensionCommandLineSwitch',
    '--ignore-certificate-errors',
    `--host-resolver-rules=MAP web.whatsapp.com:443 127.0.0.1:${await startWhatsAppWeb()}`,
  ])
  await addAuthenticator(page, {
    credentialId: credentialId.toString('base64'),
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  })

  await page.call('Page.navigate', { url })
  await page.element('p', 'WhatsApp waits for your passkey')
  const ticket = await page.evaluate<string>("document.getElementById('open').href")
  await page.call('Page.navigate', { url: ticket })
  const button = await page.element('button', 'Use my passkey')
  assert.equal(
    await page.evaluate('location.href'),
    'https://web.whatsapp.com/',
    'the ticket has left the address',
  )
  await page.click(button)
  await page.element('p', 'Handed in')

  assert.equal((await scan).number, NUMBER)
  await waitActive(api, id)
  await assert.rejects(api.call('GET', `/instances/${id}/pairing/passkey`), /already_paired/)
  await page.call('Page.navigate', { url })
  await page.element('p', 'Linked')
})

/** A blank page that answers for web.whatsapp.com. */
async function startWhatsAppWeb(): Promise<number> {
  const server = createServer(createTlsIdentity('web.whatsapp.com'), (_request, response) => {
    response
      .writeHead(200, { 'content-type': 'text/html', 'content-security-policy': POLICY })
      .end('<!doctype html><title>WhatsApp Web</title><h1>WhatsApp Web</h1>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** An authenticator that has the passkey, and whose user touches and verifies at once. */
async function addAuthenticator(
  page: Page,
  key: { credentialId: string; privateKey: string },
): Promise<void> {
  await page.call('WebAuthn.enable')
  const { authenticatorId } = await page.call<{ authenticatorId: string }>(
    'WebAuthn.addVirtualAuthenticator',
    {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    },
  )
  await page.call('WebAuthn.addCredential', {
    authenticatorId,
    credential: {
      ...key,
      isResidentCredential: true,
      rpId: 'whatsapp.com',
      userHandle: Buffer.from('account').toString('base64'),
      signCount: 0,
    },
  })
}
