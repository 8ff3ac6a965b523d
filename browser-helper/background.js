/**
 * Talks to Warren. WhatsApp's page forbids requests to elsewhere, and what a content script asks for goes by the page's rules; this does
 * not. Warren's helper endpoints allow every origin, so no permission for any host is needed.
 */
chrome.runtime.onMessage.addListener((message, _sender, answer) => {
  call(message).then(
    (step) => answer({ step }),
    (error) => answer({ error: { code: error.code, message: error.message } }),
  )
  // The answer comes later.
  return true
})

async function call({ api, token, path, body }) {
  const response = await fetch(`${api}/passkey-helper/${path}`, {
    method: body ? 'POST' : 'GET',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const answer = await response.json()
  if (!response.ok) throw Object.assign(new Error(answer.detail ?? answer.title), { code: answer.code })
  return answer
}
