/**
 * On https://web.whatsapp.com, where alone a passkey of WhatsApp answers: shows a button when the address carries a ticket of Warren, asks
 * the authenticator for an assertion when it is pressed, and hands that in. Without a ticket it does nothing.
 */
const ticket = readTicket()
if (ticket) {
  // Neither the page nor the history needs it any more.
  history.replaceState(null, '', location.pathname + location.search)
  if (document.readyState === 'loading')
    addEventListener('DOMContentLoaded', () => run(ticket), { once: true })
  else run(ticket)
}

function readTicket() {
  const [, text] = /^#warren-passkey=([\w-]+)$/.exec(location.hash) ?? []
  if (!text) return undefined
  try {
    const { api, token } = JSON.parse(atob(text.replaceAll('-', '+').replaceAll('_', '/')))
    const { protocol, hostname } = new URL(api)
    const local = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
    return protocol === 'https:' || local ? { api, token } : undefined
  } catch {
    return undefined
  }
}

async function run({ api, token }) {
  const { say, button, close } = panel(new URL(api).host)
  const ask = async (path, body) => {
    const { step, error } = await chrome.runtime.sendMessage({ api, token, path, ...(body ? { body } : {}) })
    if (error) throw Object.assign(new Error(error.message), { code: error.code })
    return step
  }
  try {
    const { options } = await ask('step')
    if (!options) return say('WhatsApp does not wait for a passkey any more.')
    say('WhatsApp asks for your passkey to link a device.')
    button('Use my passkey', async () => {
      try {
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
        const credential = await navigator.credentials.get({ publicKey })
        const { stage, confirmationCode } = await ask('assertion', { assertion: credential.toJSON() })
        say(
          stage === 'confirmation'
            ? `Compare ${confirmationCode} with your phone; then it has to be confirmed.`
            : 'Handed in. Your phone links the device now; you can close this page.',
        )
        close()
      } catch (error) {
        say(error.message)
      }
    })
  } catch (error) {
    say(error.message)
  }
}

/** In a closed shadow tree, which the page can neither read nor style. */
function panel(host) {
  const element = document.createElement('div')
  element.id = 'warren-passkey'
  element.style.cssText = 'position:fixed;inset:16px 16px auto auto;z-index:2147483647'
  const root = element.attachShadow({ mode: 'closed' })
  root.innerHTML = `<style>
section { font: 15px/1.5 system-ui, sans-serif; width: 20rem; padding: 1rem; border-radius: .75rem; background: #fff; color: #1b1b1b; box-shadow: 0 4px 24px #0005; }
h2 { font-size: 1rem; margin: 0 0 .5rem; } p { margin: 0 0 .75rem; }
button { padding: .5rem 1rem; border: 0; border-radius: .5rem; background: #0a66c2; color: #fff; font: inherit; cursor: pointer; }
</style><section role="dialog" aria-live="polite"><h2></h2><p></p><button type="button" hidden></button></section>`
  const [title, text, press] = ['h2', 'p', 'button'].map((name) => root.querySelector(name))
  title.textContent = `Warren at ${host}`
  text.textContent = 'One moment …'
  document.documentElement.append(element)
  return {
    say(message) {
      text.textContent = message
    },
    button(label, action) {
      press.textContent = label
      press.hidden = false
      press.onclick = action
    },
    close() {
      press.hidden = true
    },
  }
}
