/**
 * The page for the person who has the passkey. A passkey of WhatsApp answers on WhatsApp's own pages only, so this one leads there: with
 * the browser extension of `browser-helper/`, or with a line for the browser's console whose result is pasted here.
 */
import { Router } from 'express'

export const HELPER_PAGE = '/passkey'

export function helperPageRouter(prefix: string): Router {
  const router = Router()
  const script = `const API = ${JSON.stringify(prefix)}\n${SCRIPT}`
  router.get(HELPER_PAGE, (_req, res) => {
    res.type('html').set('Cache-Control', 'no-cache').set('Referrer-Policy', 'no-referrer').send(PAGE)
  })
  router.get(`${HELPER_PAGE}/page.js`, (_req, res) => {
    res.type('js').set('Cache-Control', 'no-cache').send(script)
  })
  return router
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Use your WhatsApp passkey</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
#state { padding: .75rem 1rem; border-radius: .5rem; background: #eef4ff; }
#code { font: 700 2rem/1.5 ui-monospace, monospace; letter-spacing: .1em; }
textarea, pre { width: 100%; box-sizing: border-box; font: 13px/1.4 ui-monospace, monospace; }
pre { padding: .75rem; background: #f3f3f3; overflow-x: auto; }
a.button, button { display: inline-block; padding: .5rem 1rem; border: 0; border-radius: .5rem; background: #0a66c2; color: #fff; font: inherit; text-decoration: none; cursor: pointer; }
[hidden] { display: none; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #161616; } #state { background: #1d2b40; } pre { background: #222; } }
</style>
</head>
<body>
<h1>Use your WhatsApp passkey</h1>
<p id="state" role="status">One moment …</p>
<p id="code" hidden></p>
<section id="ways" hidden>
<h2>With the browser extension</h2>
<p>It is the folder <code>browser-helper</code> of Warren: open <code>chrome://extensions</code>, switch on the developer mode, choose
<em>Load unpacked</em>. Then:</p>
<p><a class="button" id="open" rel="noreferrer" target="_blank">Open WhatsApp Web</a></p>
<p>and press the button that it shows there.</p>
<h2>Without it</h2>
<ol>
<li>Open <a href="https://web.whatsapp.com/" rel="noreferrer" target="_blank">web.whatsapp.com</a> in the browser that has the passkey.</li>
<li>Open its console (F12), paste this line and press Enter:
<pre id="line"></pre></li>
<li>Once the passkey was used, the answer is in the clipboard. Paste it here:
<textarea id="answer" rows="5" aria-label="Answer"></textarea>
<button id="send" type="button">Hand it in</button></li>
</ol>
</section>
<script src="${HELPER_PAGE}/page.js"></script>
</body>
</html>
`

const SCRIPT = `
const token = location.hash.slice(1)
const at = (id) => document.getElementById(id)
const TEXTS = {
  assertion: 'WhatsApp waits for your passkey.',
  phone: 'The passkey was handed in. WhatsApp and your phone go on; look at the phone.',
  confirmation: 'Compare this code with the one on your phone. Whoever sent you this link has to confirm it.',
  link: 'The passkey was accepted; your phone links the device.',
}
const LINKED = 'Linked. You can close this page.'

async function call(path, body) {
  const response = await fetch(API + '/passkey-helper/' + path, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: 'Bearer ' + token, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const answer = await response.json()
  if (!response.ok) throw Object.assign(new Error(answer.detail ?? answer.title), { code: answer.code })
  return answer
}

function show(step) {
  at('state').textContent = TEXTS[step.stage]
  at('code').textContent = step.confirmationCode ?? ''
  at('code').hidden = !step.confirmationCode
  at('ways').hidden = step.stage !== 'assertion'
  if (step.options) {
    const options = JSON.stringify(step.options)
    at('line').textContent =
      'copy(JSON.stringify(await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(' +
      options + ') })))'
  }
}

let over = false
async function look() {
  try {
    show(await call('step'))
  } catch (error) {
    over = error.code !== undefined && error.code !== 'session_timeout'
    at('state').textContent = error.code === 'already_paired' ? LINKED : error.message
    if (over) at('ways').hidden = true
  }
  if (!over) setTimeout(look, 3000)
}

at('send').addEventListener('click', async () => {
  try {
    show(await call('assertion', { assertion: JSON.parse(at('answer').value) }))
  } catch (error) {
    at('state').textContent = error instanceof SyntaxError ? 'That is not the answer of the console.' : error.message
  }
})
const ticket = btoa(JSON.stringify({ api: location.origin + API, token })).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
at('open').href = 'https://web.whatsapp.com/#warren-passkey=' + ticket
look()
`
